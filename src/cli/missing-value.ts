/**
 * An option whose value was left out: at the end of the line, or before another option, which is then no value of it. And a value that
 * is there and is empty.
 */
import { type CliError, wrongUsage } from './cli-error.ts'
import { flagsOf, type OptionDefinition } from './command.ts'
import { shellWord } from './own-name.ts'

export interface MissingValue {
  /** As it was typed. */
  readonly flag: string
  /** Undefined: another tool's name for an argument, as --topic is. */
  readonly option: OptionDefinition | undefined
  /** The option that came in the value's place. */
  readonly instead: string | undefined
  /** Where in the line the value belongs. */
  readonly at: number
}

export function missingValue(typed: readonly string[], { flag, option, instead, at }: MissingValue): CliError {
  const line = [...typed.slice(0, at), option === undefined ? 'NAME' : placeholder(option), ...typed.slice(at)]
  const meaning = option === undefined ? undefined : `${option.flags}: ${option.description}`
  return wrongUsage(
    instead === undefined ? `${flag} needs a value` : `${flag} needs a value, and "${instead}" is an option`,
    meaning,
    ['odradek', ...line].map(shellWord).join(' ')
  )
}

/** Of one that means something: perhaps that was not meant, and nothing would match. */
export function emptyMeans(flag: string, what: 'key' | 'value'): string {
  return `${flag} is empty: what matches has an empty ${what}, which is not null`
}

/** `what`: `the value of --group`. */
export function emptyValue(what: string, known?: string): CliError {
  const rest = known === undefined ? '' : `; it is one of ${known}`
  return wrongUsage(`${what} is empty`, `perhaps it comes from a variable of the shell that is not set${rest}`)
}

/** `HOST:PORT` for `<host:port,...>`, `NAME` for `<name or text>`. */
function placeholder({ flags }: OptionDefinition): string {
  const [, name = 'value'] = /<([\w:=-]+)/.exec(flags) ?? []
  return name.replace(/:$/, '').toUpperCase()
}

/** A value behind its option in one word. */
export function joined(option: OptionDefinition, value: string): string {
  const long = flagsOf(option).find((flag) => flag.startsWith('--'))
  return long === undefined ? `${flagsOf(option)[0]}${value}` : `${long}=${value}`
}
