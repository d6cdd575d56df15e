/**
 * What the parser could not understand, as an error that a user reads: with the line that was probably meant.
 *
 * The script of `serve` has another in its place (tools/build.mjs), which leaves such a line to the whole program.
 */
import type { CommanderError } from 'commander'
import { type CliError, wrongUsage } from './cli-error.ts'
import { type CommandDefinition, findCommand, flagsOf, wordOf } from './command.ts'
import { commands } from './commands.ts'
import { globalOptionDefinitions } from './global-options.ts'
import { mendedLine, removing } from './mended-line.ts'
import { emptyValue, missingValue } from './missing-value.ts'
import { ourLineFor, ourPlace } from './other-tools.ts'
import { shellWord } from './own-name.ts'
import { mostSimilar } from './similar.ts'
import { readLine } from './typed-line.ts'
import { noSuchCommand } from './unknown-command.ts'

/** Refuses a line with an option whose value was left out, unless it asks for help. */
export function checkLine(words: readonly string[]): void {
  const { missing, beforeEnd } = readLine(words)
  if (missing === undefined || beforeEnd.some((word) => word === '--help' || word === '-h')) return
  const error = missingValue(words, missing)
  throw wrongUsage(error.message, error.why, ourLineFor(words) ?? error.next)
}

/** Commander's message becomes the first line, without its own prefix. Undefined in the script of `serve` alone. */
export function fromParser(error: CommanderError, words: readonly string[]): CliError | undefined {
  const [what = 'the command could not be understood'] = error.message.replace(/^error: /, '').split('\n')
  const { entry, command } = readLine(words)
  const unknown = /^unknown command '(.*)'/.exec(what)?.[1]
  if (unknown !== undefined) return noSuchCommand(unknown, entry, words)
  const ours = ourLineFor(words)
  if (ours !== undefined) return wrongUsage(what, undefined, ours)
  const place = /option '-o, .* argument '(.*)' is invalid/.exec(what)?.[1]
  if (place === 'stored') {
    return wrongUsage(
      what,
      'with a group, which kcat and rpk need for this too, reading goes on where it stopped',
      '--group NAME'
    )
  }
  const from = place === undefined ? undefined : ourPlace(place)
  if (from !== undefined) {
    return wrongUsage(what, 'where to begin, which kcat and rpk say with -o, is --from here', `--from ${from}`)
  }
  const inQuotes = valueInQuotes(what, words)
  if (inQuotes !== undefined) return wrongUsage(what, 'a value of several words stands in quotes', inQuotes)
  if (command?.name === 'serve' && what.startsWith('too many arguments')) return forServe(words)
  if (command !== undefined && what.startsWith('too many arguments')) {
    const tooMany = withoutLast(command, words)
    if (tooMany !== undefined) return tooMany
  }
  const known = [entry, command === entry ? undefined : command].flatMap((one) => (one ? [one.name] : []))
  return (
    withoutArgument(what, words) ??
    withOtherChoice(what, words) ??
    withOtherOption(what, words) ??
    wrongUsage(what, undefined, ['odradek', ...known, '--help'].join(' '))
  )
}

/** `topics describe`: of what? */
function withoutArgument(what: string, words: readonly string[]): CliError | undefined {
  const name = /^missing required argument '(.*)'$/.exec(what)?.[1]
  const { command } = readLine(words)
  const argument = command?.arguments?.find((one) => wordOf(one) === name)
  if (name === undefined || argument === undefined) return undefined
  const line = ['odradek', ...words].map(shellWord).join(' ')
  return wrongUsage(`the ${name} is missing`, argument.description, `${line} ${name.toUpperCase()}`)
}

/** `-o tabel`, with what can be written in its place. */
function withOtherChoice(what: string, words: readonly string[]): CliError | undefined {
  const [, flags, value, choices] =
    /^option '(.*)' argument '(.*)' is invalid\. Allowed choices are (.*)\.$/s.exec(what) ?? []
  if (flags === undefined || value === undefined || choices === undefined) return undefined
  const flag = flags.replace(/ <.*/, '').split(', ').at(-1)
  if (value === '') return emptyValue(`the value of ${flag}`, choices)
  const meant = mostSimilar(value, choices.split(', '))
  return wrongUsage(
    `${flag} cannot be "${value}"`,
    `${meant === undefined ? '' : `did you mean ${meant}? `}it is one of ${choices}`,
    meant === undefined || !words.includes(value) ? undefined : mendedLine(words, value, [meant])
  )
}

/** The option that was probably meant for one that is not there: `--from` for `--frm=start`. */
function withOtherOption(what: string, words: readonly string[]): CliError | undefined {
  const typed = /^unknown option '(--[^=']+)/.exec(what)?.[1]
  const slip = words.find((word) => word === typed || word.startsWith(`${typed}=`))
  if (typed === undefined || slip === undefined) return undefined
  const known = [...globalOptionDefinitions, ...(readLine(words).command?.options ?? [])].flatMap(flagsOf)
  const names = [...known, '--help', '--version'].filter((flag) => flag.startsWith('--')).map((flag) => flag.slice(2))
  const name = mostSimilar(typed.slice(2), names)
  if (name === undefined) return undefined
  const meant = slip.replace(typed, `--${name}`)
  return wrongUsage(what, `did you mean --${name}?`, mendedLine(words, slip, [meant]))
}

/** `serve 9093` and `serve ./data`: what else than a port or a directory could be meant? */
function forServe(words: readonly string[]): CliError {
  const [slip = ''] = readLine(words).plain.slice(1)
  const [, host, port] = /^(?:([\w.-]*):)?(\d{1,5})$/.exec(slip) ?? []
  const where = host ? ['--host', host] : []
  const meant = port === undefined ? ['--data', slip] : [...where, '--port', port]
  return wrongUsage(
    `serve takes options only, and "${slip}" is none`,
    port === undefined ? 'a directory is given with --data' : 'a port is given with --port',
    mendedLine(words, slip, meant)
  )
}

/** `learn offset group`, `demo 3`, `topics create orders 3`: without it, or as the option that a number was probably meant for. */
function withoutLast(command: CommandDefinition, words: readonly string[]): CliError | undefined {
  const { entry, plain } = readLine(words)
  const path = entry === command ? 1 : 2
  const taken = (command.arguments ?? []).length
  const slip = plain[path + taken]
  if (slip === undefined || removing.has(command.name)) return undefined
  const counting = (command.options ?? []).flatMap(flagsOf).find((flag) => /^--(partitions|brokers)$/.test(flag))
  const option = /^\d+$/.test(slip) ? counting : undefined
  const places = (command.arguments ?? []).map((one) => wordOf(one).toUpperCase()).join(' and ')
  return wrongUsage(
    `${plain.slice(0, path).join(' ')} takes ${places === '' ? 'options only' : `${places} only`}, and "${slip}" is one too many`,
    option === undefined ? undefined : `a number of ${option.slice(2)} is given with ${option}`,
    mendedLine(words, slip, option === undefined ? [] : [option, slip])
  )
}

/** `produce orders hello world`, when nothing but a topic and words was typed. */
function valueInQuotes(what: string, words: readonly string[]): string | undefined {
  const [command, topic, ...value] = words
  if (command !== 'produce' || !what.startsWith('too many arguments') || words.some((word) => word.startsWith('-'))) {
    return undefined
  }
  return `odradek produce ${topic} '${value.join(' ').replaceAll("'", `'"'"'`)}'`
}

/**
 * `help topics list` and `topics list help` as `topics list --help`; what is named help itself stands behind a lone `--`. Help for a
 * command that does not exist is an error: the parser would answer with the help of all, without a word.
 */
export function asHelpOption(words: readonly string[]): readonly string[] {
  const { beforeEnd: options, plain, entry: noun, command } = readLine(words)
  const commandLength = command === noun ? 1 : 2
  const isAskedBehind = plain[commandLength] === 'help' && options.includes('help') && command?.hidden !== true
  if (command !== undefined && isAskedBehind) return [...plain.slice(0, commandLength), '--help']
  const isHelpCommand = plain[0] === 'help'
  if (!isHelpCommand && !options.includes('--help') && !options.includes('-h')) return words
  const path = isHelpCommand ? plain.slice(1) : plain
  const [first, second] = path
  if (first === undefined) return ['--help']
  const entry = findCommand(commands, first)
  const asked = isHelpCommand || words[0]?.startsWith('-') ? [...path, '--help'] : words
  if (entry === undefined) throw noSuchCommand(first, undefined, asked)
  if ('commands' in entry && second !== undefined && !findCommand(entry.commands, second)) {
    throw noSuchCommand(second, entry, asked)
  }
  return asked
}
