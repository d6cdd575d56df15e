/**
 * What a typed line says before the parser reads it: which command it names, and which words are options, values of options and
 * arguments. A value may look like a command (`-b broker`), some like anything (`--key -p`), so whoever has to know goes by this
 * and does not look for words.
 */
import { type CommandDefinition, type CommandGroup, findCommand, flagsOf, type OptionDefinition } from './command.ts'
import { commands } from './commands.ts'
import { globalOptionDefinitions } from './global-options.ts'
import { joined, type MissingValue } from './missing-value.ts'
import { groupOption, topicOption } from './other-names.ts'

export interface TypedLine {
  /**
   * The line for the parser: other tools' names for options are ours, and a value that looks like an option is joined to its own,
   * `--key=-p`. So up to a lone `--` what begins with - is an option.
   */
  readonly words: readonly string[]
  /** These words up to a lone `--`: what can be an option. */
  readonly beforeEnd: readonly string[]
  /** The words that are neither options nor their values: the command's first. */
  readonly plain: readonly string[]
  /** What the first word names, and the command that it and perhaps the second name. */
  readonly entry: CommandDefinition | CommandGroup | undefined
  readonly command: CommandDefinition | undefined
  /** The options that were given with a value. */
  readonly given: readonly GivenOption[]
  /** The option that the line ends with, if its value is still to come. */
  readonly awaiting: OptionDefinition | undefined
  /** The first option whose value was left out. */
  readonly missing: MissingValue | undefined
}

export interface GivenOption {
  readonly option: OptionDefinition
  readonly value: string
}

export function readLine(typed: readonly string[]): TypedLine {
  const words: string[] = []
  const plain: string[] = []
  const given: GivenOption[] = []
  let { entry, command } = commandOf(plain)
  let awaiting: OptionDefinition | undefined
  let needy: Needy | undefined
  let missing: MissingValue | undefined
  for (const [at, word] of typed.entries()) {
    if (needy !== undefined && command !== undefined && isOption(word, command, awaiting)) {
      missing ??= { ...needy, instead: word, at }
    }
    needy = undefined
    if (awaiting !== undefined && isHelp(word, awaiting)) {
      words.splice(-1, 1, word)
      awaiting = undefined
    } else if (awaiting !== undefined) {
      words.push(...withValue(words.pop() ?? '', awaiting, word))
      given.push({ option: awaiting, value: word })
      awaiting = undefined
    } else if (word === '--') {
      words.push(...typed.slice(at))
      plain.push(...typed.slice(at + 1))
      break
    } else if (word.startsWith('-') && word !== '-') {
      const ours = ourNameFor(word, command)
      words.push(...ours)
      const options = [...globalOptionDefinitions, ...(command?.options ?? [])]
      given.push(...attachedValue(options, ours.at(-1)))
      awaiting = optionBeforeValue(options, ours.at(-1))
      if (awaiting !== undefined || (ours.length === 0 && namesArgument(word))) needy = { flag: word, option: awaiting }
    } else {
      words.push(word)
      plain.push(word)
      ;({ entry, command } = commandOf(plain))
    }
  }
  if (needy !== undefined && command !== undefined) missing ??= { ...needy, instead: undefined, at: typed.length }
  const beforeEnd = words.includes('--') ? words.slice(0, words.indexOf('--')) : words
  return { words, beforeEnd, plain, entry, command, given, awaiting, missing }
}

/** An option that a value has to follow. */
type Needy = Pick<MissingValue, 'flag' | 'option'>

/** Other tools' `--topic orders`, where the topic is an argument. */
function namesArgument(flag: string): boolean {
  return flag in topicOption || flag in groupOption
}

/** Whoever asks for help in the middle of a line gets it. */
function isHelp(word: string, awaiting: OptionDefinition): boolean {
  return !awaiting.mayLookLikeOption && (word === '--help' || word === '-h')
}

/** Whether a word in a value's place is an option of the command, and not the value. */
function isOption(word: string, command: CommandDefinition, awaiting: OptionDefinition | undefined): boolean {
  if (awaiting?.mayLookLikeOption) return false
  const [name = word] = /^--[^=]+/.exec(word) ?? []
  const options = [...globalOptionDefinitions, ...(command.options ?? [])]
  return options.some((option) => flagsOf(option).includes(name)) || synonymsFor(command).has(name)
}

function commandOf([first, second]: readonly string[]): Pick<TypedLine, 'entry' | 'command'> {
  const entry = findCommand(commands, first)
  const command = entry !== undefined && 'commands' in entry ? findCommand(entry.commands, second) : entry
  return { entry, command }
}

/**
 * Other tools' option as ours. A command knows only the names that it declares. A name that stands for nothing leaves its value
 * behind, as an argument: `--topic orders`.
 */
function ourNameFor(word: string, command: CommandDefinition | undefined): readonly string[] {
  const [, name = word, value = ''] = /^(--[^=]+|-[A-Za-z])=?(.*)$/s.exec(word) ?? []
  const ours = synonymsFor(command).get(name)
  if (ours === undefined) return [word]
  if (value === '') return ours
  return ours.length === 0 ? [value] : [`${ours[0]}=${value}`]
}

/** What the command declares as an option of its own is none of another tool's there: `--brokers 3`. */
function synonymsFor(command: CommandDefinition | undefined): Map<string, readonly string[]> {
  const options = [...globalOptionDefinitions, ...(command?.options ?? [])]
  const own = (command?.options ?? []).flatMap(flagsOf)
  const synonyms = new Map([
    ...options.flatMap((option) => Object.entries(option.synonyms ?? {})),
    ...Object.entries(command?.synonyms ?? {})
  ])
  for (const name of own) synonyms.delete(name)
  return synonyms
}

/** The option that this word is, or ends with as `-qk` does, if the next word is its value. */
function optionBeforeValue(options: readonly OptionDefinition[], word = ''): OptionDefinition | undefined {
  const named = (name: string) => options.find((option) => flagsOf(option).includes(name))
  if (!/^-[^-]./s.test(word)) return ifTakesValue(named(word))
  for (const [at, letter] of [...word.slice(1)].entries()) {
    const option = ifTakesValue(named(`-${letter}`))
    // Before the last letter, what follows it is its value.
    if (option !== undefined) return at === word.length - 2 ? option : undefined
  }
  return undefined
}

/** Of `--count=5` and `-n5`. */
function attachedValue(options: readonly OptionDefinition[], word = ''): GivenOption[] {
  const [, name, value] = /^(--[^=]+(?==)|-[^-])=?(.+)$/s.exec(word) ?? []
  const option = ifTakesValue(options.find((one) => name !== undefined && flagsOf(one).includes(name)))
  return option === undefined || value === undefined ? [] : [{ option, value }]
}

function ifTakesValue(option: OptionDefinition | undefined): OptionDefinition | undefined {
  return option?.flags.includes('<') ? option : undefined
}

function withValue(word: string, option: OptionDefinition, value: string): string[] {
  if (!value.startsWith('-')) return [word, value]
  const before = word.startsWith('--') || word.length === 2 ? [] : [word.slice(0, -1)]
  return [...before, joined(option, value)]
}
