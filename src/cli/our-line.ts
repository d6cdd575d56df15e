/**
 * A command of ours with what was typed for another tool's: the names, and the options that mean something here. Only what the
 * command declares is taken over, so the line can be typed as it stands; what is missing is left to be filled in, in capitals.
 */
import { type CommandDefinition, findCommand, flagsOf, isRequired, type OptionDefinition, wordOf } from './command.ts'
import { commands } from './commands.ts'
import { globalOptionDefinitions } from './global-options.ts'
import { isMode, meanings, switches, switchMeanings, type Tool } from './other-options.ts'
import { shellWord } from './own-name.ts'

/** `topics trim --before PLACE   (a remark)`, filled in. */
export function ourLine(ours: string, typed: readonly string[], tool: Tool): string {
  const [line = '', remark] = ours.split(/ {3}(.*)/)
  const end = remark === undefined ? '' : `   ${remark}`
  const [first, ...rest] = line.split(' ')
  const entry = findCommand(commands, first)
  const definition = entry !== undefined && 'commands' in entry ? findCommand(entry.commands, rest.shift()) : entry
  if (entry === undefined || definition === undefined) return `odradek ${line}${end}`
  const path = 'commands' in entry ? [entry.name, definition.name] : [entry.name]
  const found = readTyped(typed, definition, tool)
  const needed = readTyped(rest, definition, 'ours').options.filter(
    ({ option }) => !found.options.some((one) => one.option === option || isInsteadOf(one.option, option))
  )
  const options = [...needed, ...found.options].flatMap((one) => one.words)
  return `odradek ${[...path, ...namesFor(definition, found.names), ...options].map(shellWord).join(' ')}${end}`
}

/** Options of which one says all. */
const alternatives: readonly (readonly string[])[] = [
  ['--to', '--shift', '--by', '--from-file'],
  ['--from', '--group', '--tail']
]

function isInsteadOf(one: OptionDefinition, other: OptionDefinition): boolean {
  const isOf = (option: OptionDefinition, names: readonly string[]) =>
    flagsOf(option).some((flag) => names.includes(flag))
  return alternatives.some((names) => isOf(one, names) && isOf(other, names))
}

/** As many as the command takes. */
function namesFor(definition: CommandDefinition, names: readonly string[]): string[] {
  const left = [...names]
  return (definition.arguments ?? []).flatMap((argument) => {
    const some = left.splice(0, argument.name.includes('...') ? left.length : 1)
    return some.length === 0 && isRequired(argument) ? [wordOf(argument).toUpperCase()] : some
  })
}

interface Given {
  readonly option: OptionDefinition
  readonly words: readonly string[]
}

interface Typed {
  readonly names: readonly string[]
  readonly options: readonly Given[]
}

function readTyped(typed: readonly string[], definition: CommandDefinition, tool: Tool): Typed {
  const named: string[] = []
  const words: string[] = []
  const meant: string[] = []
  const left = [...typed]
  for (let word = left.shift(); word !== undefined; word = left.shift()) {
    const [, name, attached = ''] = /^(--[^=]+|-[A-Za-z])=?(.*)$/s.exec(word) ?? []
    if (name === undefined && !word.startsWith('-')) words.push(word)
    if (name === undefined) continue
    if (hasNoValue(name, definition, tool)) {
      meant.push(...(switchMeanings[definition.name]?.[name] ?? ownMeaning(name, undefined, definition, tool)))
      continue
    }
    const value = attached === '' && takesNext(name, definition, left[0]) ? left.shift() : attached
    if (value === undefined || value === '') continue
    if (!namesTheThing(name, definition)) meant.push(...meaningOf(name, value, definition, tool))
    else {
      const [thing, ...place] = nameAndPlace(value)
      named.push(thing)
      meant.push(...place)
    }
  }
  const { options, values } = taken(meant, definition)
  // Who says the topic twice (`produce orders -t orders`) means one.
  const others = namesTyped(typed, words, definition, tool).filter((name) => !named.includes(name))
  return { names: [...new Set(named), ...others, ...values], options }
}

function namesTyped(
  typed: readonly string[],
  words: readonly string[],
  definition: CommandDefinition,
  tool: Tool
): readonly string[] {
  // Names of files.
  if (tool === 'kcat' && definition.name === 'produce') return []
  const names = words.slice(commandWords(typed, words, tool))
  const isPattern = typed.some((word) => word === '-r' || word === '--regex')
  return isPattern ? names.map((name) => name.replaceAll('.*', '*').replace(/^\^|\$$/g, '')) : names
}

const nouns = /^(topics?|groups?|consumer-groups?|cg|brokers?|nodes?|cluster|records?|((consumer-)?groups?-)?offsets?)$/

/** How many words say what is to be done, before those that say with what: `topic trim`, `delete records`, `consume`. */
function commandWords(typed: readonly string[], words: readonly string[], tool: Tool): number {
  if (tool === 'kcat') return 0
  const [first = '', second = ''] = words
  // The only script of Apache's whose verb is no option.
  if (tool === 'apache') return first === 'transactions' ? 2 : 1
  const isSecondNext = typed[typed.indexOf(first) + 1] === second
  return isSecondNext && nouns.test(first) !== nouns.test(second) ? 2 : 1
}

function hasNoValue(name: string, definition: CommandDefinition, tool: Tool): boolean {
  if (name in (switchMeanings[definition.name] ?? {}) || isMode(name, tool)) return true
  if (name in (meanings[definition.name] ?? {}) || namesTheThing(name, definition)) return false
  const option = declared(definition, name)
  if (option === undefined) return switches[tool].test(name) || definition.synonyms?.[name] !== undefined
  return !takesValue(option, name, definition)
}

/** `--to`, but not `--to-earliest`, which says it. */
function takesValue(option: OptionDefinition, name: string, definition: CommandDefinition): boolean {
  const standsFor = option.synonyms?.[name] ?? definition.synonyms?.[name] ?? [name]
  return option.flags.includes('<') && standsFor.length === 1
}

/** An option that is known takes whatever is next; one that is not, what is no option. */
function takesNext(name: string, definition: CommandDefinition, next: string | undefined): boolean {
  const isKnown = name in (meanings[definition.name] ?? {}) || declared(definition, name) !== undefined
  return next !== undefined && (isKnown || !next.startsWith('-'))
}

/** By a name of ours or a synonym of it. */
function declared(definition: CommandDefinition, name: string): OptionDefinition | undefined {
  const all = [...(definition.options ?? []), ...globalOptionDefinitions]
  const [same] = definition.synonyms?.[name] ?? []
  if (same !== undefined) return declared(definition, same)
  return all.find((option) => flagsOf(option).includes(name) || name in (option.synonyms ?? {}))
}

/** `--topic orders` of a command on topics. */
function namesTheThing(name: string, { arguments: [first] = [] }: CommandDefinition): boolean {
  if (first?.name.includes('topic')) return /^(-t|--topic|--entity-name)$/.test(name)
  if (first?.name.includes('group')) return /^(-g|-G|--group)$/.test(name)
  return /^--(entity-name|broker)$/.test(name)
}

/** kcat's `-Q -t orders:0:1763920800000`. */
function nameAndPlace(text: string): [string, ...string[]] {
  const [, topic, partition, timestamp] = /^([\w.-]+):(\d+):(\d+)$/.exec(text) ?? []
  if (topic === undefined || partition === undefined || timestamp === undefined) return [text]
  return [topic, '-p', partition, '--at', timestamp]
}

function meaningOf(name: string, value: string, definition: CommandDefinition, tool: Tool): readonly string[] {
  const meaning = tool === 'ours' && /^[A-Z=:]+$/.test(value) ? undefined : meanings[definition.name]?.[name]
  return meaning?.(value) ?? ownMeaning(name, value, definition, tool)
}

/** The same option here, unless its value can be none. */
function ownMeaning(
  name: string,
  value: string | undefined,
  definition: CommandDefinition,
  tool: Tool
): readonly string[] {
  const option = declared(definition, name)
  if (option === undefined || isMode(name, tool) || /^--(help|yes)$|^-[hy]$/.test(name)) return []
  if (value === undefined) return [name]
  if (option.choices !== undefined && !option.choices.includes(value)) return []
  if (/<n>|<number>|<list>/.test(option.flags) && /^-/.test(value)) return []
  if (/<name=value>/.test(option.flags) && !value.includes('=')) return []
  return [name, value]
}

/** The options among the words, each with its value; the rest are arguments. */
function taken(meant: readonly string[], definition: CommandDefinition) {
  const options: Given[] = []
  const values: string[] = []
  const left = [...meant]
  for (let word = left.shift(); word !== undefined; word = left.shift()) {
    const name = word
    const option = declared(definition, name)
    if (option === undefined) values.push(name)
    else if (!takesValue(option, name, definition)) options.push({ option, words: [name] })
    else addOption(options, option, name, left.shift() ?? '')
  }
  return { options, values }
}

/** kcat says a range with two options: `-o s@TIME -o e@TIME`. */
function addOption(options: Given[], option: OptionDefinition, name: string, value: string): void {
  const start = options.find((one) => one.words[0] === '--from' && /^@[^:]/.test(one.words[1] ?? ''))
  const isEnd = name === '--from' && value.startsWith(':@')
  if (start === undefined || !isEnd) options.push({ option, words: [name, value] })
  else options.splice(options.indexOf(start), 1, { option, words: [name, `${start.words[1]}${value}`] })
}
