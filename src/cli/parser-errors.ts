/**
 * What the parser could not understand, as an error that a user reads: with the line that was probably meant.
 */
import type { CommanderError } from 'commander'
import { type CliError, wrongUsage } from './cli-error.ts'
import { findCommand, namesOf } from './command.ts'
import { commands } from './commands.ts'
import { ourLineFor, ourPlace } from './other-tools.ts'
import { didYouMean, mostSimilar } from './similar.ts'
import { readLine } from './typed-line.ts'

/** Commander's message becomes the first line, without its own prefix. */
export function fromParser(error: CommanderError, words: readonly string[]): CliError {
  const [what = 'the command could not be understood', ...rest] = error.message.replace(/^error: /, '').split('\n')
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
  const [, value, choices] = / argument '(.*)' is invalid\. Allowed choices are (.*)\.$/.exec(what) ?? []
  if (value !== undefined && choices !== undefined) rest.push(didYouMean(value, choices.split(', ')).trim())
  const suggested = rest.filter((line) => !isRashSuggestion(line, what)).map(asOurQuestion)
  const { entry, command } = readLine(words)
  const known = [entry, command === entry ? undefined : command].flatMap((one) => (one ? [one.name] : []))
  return wrongUsage(what, suggested.join(' ') || undefined, ['odradek', ...known, '--help'].join(' '))
}

/** `produce orders hello world`, when nothing but a topic and words was typed. */
function valueInQuotes(what: string, words: readonly string[]): string | undefined {
  const [command, topic, ...value] = words
  if (command !== 'produce' || !what.startsWith('too many arguments') || words.some((word) => word.startsWith('-'))) {
    return undefined
  }
  return `odradek produce ${topic} '${value.join(' ').replaceAll("'", `'"'"'`)}'`
}

/** What removes data is suggested to nobody who may have meant another word: `rn` is no slip for `trim`. */
function isRashSuggestion(line: string, what: string): boolean {
  const suggested = /Did you mean (?:one of )?(.*)\?/.exec(line)?.[1]?.split(', ') ?? []
  const typed = /'(.*)'/.exec(what)?.[1] ?? ''
  return suggested.some((name) => removing.has(name) && name[0] !== typed[0])
}

/** Commander's `(Did you mean produce?)` in the words of every other message here. */
function asOurQuestion(line: string): string {
  return line.replace(/^\(Did you mean (.*\?)\)$/, 'did you mean $1')
}

const removing = new Set(['delete', 'rm', 'trim', 'reset'])

/**
 * `help topics list` as `topics list --help`. Help for a command that does not exist is an error: the parser would answer with
 * the help of all, without a word.
 */
export function asHelpOption(words: readonly string[]): readonly string[] {
  const { beforeEnd: options, plain } = readLine(words)
  const isHelpCommand = plain[0] === 'help'
  if (!isHelpCommand && !options.includes('--help') && !options.includes('-h')) return words
  const path = isHelpCommand ? plain.slice(1) : plain
  const [first, second] = path
  if (first === undefined) return ['--help']
  const entry = findCommand(commands, first)
  if (entry === undefined) throw noSuchCommand(first, commands.flatMap(namesOf), [], words)
  if ('commands' in entry && second !== undefined) {
    const verbs = entry.commands
    if (!findCommand(verbs, second)) throw noSuchCommand(second, verbs.flatMap(namesOf), [entry.name], words)
  }
  return isHelpCommand ? [...path, '--help'] : words
}

function noSuchCommand(
  typed: string,
  names: readonly string[],
  before: readonly string[],
  words: readonly string[]
): CliError {
  const similar = mostSimilar(typed, names.filter(isPublic))
  const ours = ourLineFor(words.filter((word) => word !== 'help'))
  const meant = similar === undefined ? [...before, '--help'] : [...before, similar, '--help']
  return wrongUsage(
    `unknown command '${[...before, typed].join(' ')}'`,
    similar === undefined ? undefined : `did you mean ${[...before, similar].join(' ')}?`,
    ours ?? ['odradek', ...meant].join(' ')
  )
}

function isPublic(name: string): boolean {
  const entry = findCommand(commands, name)
  return !(entry !== undefined && 'hidden' in entry && entry.hidden)
}
