/**
 * What may come next on a line: commands, a command's options, an option's choices, and the names of topics and groups that are
 * there. Only what begins as the last word does.
 */
import {
  type ArgumentDefinition,
  type CommandDefinition,
  type CommandGroup,
  findCommand,
  flagsOf,
  type GlobalOptions,
  type OptionDefinition,
  optionBeforeValue
} from '../command.ts'
import { commands } from '../commands.ts'
import { connect } from '../connect.ts'
import { fromCommandOn, globalOptionDefinitions, parseBrokers } from '../global-options.ts'
import { listAllTopics } from '../partitions.ts'

/** A person who pressed Tab waits no longer for a broker. */
const brokerMs = 300

/** Names that only a broker knows. */
export type Names = 'topics' | 'groups' | 'brokers'
export type Candidates =
  | { readonly kind: 'words'; readonly words: readonly string[] }
  | { readonly kind: 'names'; readonly of: Names }

export async function wordsFor(typed: readonly string[], global: GlobalOptions): Promise<string[]> {
  // PowerShell passes an empty word on only in quotes.
  const words = typed.map((word) => (word === "''" ? '' : word))
  const last = words.at(-1) ?? ''
  const candidates = candidatesFor(words)
  const found = candidates.kind === 'words' ? candidates.words : await namesOf(candidates.of, words, global)
  return found.filter((word) => word.startsWith(last))
}

export function candidatesFor(words: readonly string[]): Candidates {
  const before = fromCommandOn(words.slice(0, -1))
  const last = words.at(-1) ?? ''
  const [noun, verb] = before
  if (noun === 'help') return candidatesFor([...before.slice(1), last])
  const entry = findCommand(commands, noun)
  if (entry === undefined) {
    const names = ofWords(before.length > 0 ? [] : commandNames(commands))
    return ofOptions(globalOptionDefinitions, words) ?? names
  }
  const isGroup = 'commands' in entry
  const command = isGroup ? findCommand(entry.commands, verb) : entry
  if (command === undefined) return ofWords(isGroup && before.length === 1 ? commandNames(entry.commands) : [])
  const options = [...(command.options ?? []), ...globalOptionDefinitions]
  const behind = before.slice(isGroup ? 2 : 1)
  return ofOptions(options, words) ?? ofArgument(argumentAt(command, countArguments(behind, options)))
}

/** An option that begins so, or the value of the one before; undefined when neither is typed. */
function ofOptions(options: readonly OptionDefinition[], words: readonly string[]): Candidates | undefined {
  if (words.at(-1)?.startsWith('-')) return ofWords(options.flatMap((option) => flagsOf(option)))
  const option = optionBeforeValue(options, words.at(-2))
  return option === undefined ? undefined : valuesOf(option)
}

function countArguments(words: readonly string[], options: readonly OptionDefinition[]): number {
  return words.filter((word, at) => !word.startsWith('-') && !optionBeforeValue(options, words[at - 1])).length
}

function argumentAt({ arguments: all = [] }: CommandDefinition, index: number): ArgumentDefinition | undefined {
  const last = all.at(-1)
  return all[index] ?? (last?.name.includes('...') ? last : undefined)
}

function ofArgument(argument: ArgumentDefinition | undefined): Candidates {
  const noun = argument?.isNew ? undefined : /topic|group|id/.exec(argument?.name ?? '')?.[0]
  if (noun === 'topic') return { kind: 'names', of: 'topics' }
  if (noun === 'group') return { kind: 'names', of: 'groups' }
  return noun === 'id' ? { kind: 'names', of: 'brokers' } : ofWords(argument?.words ?? [])
}

function ofWords(words: readonly string[]): Candidates {
  return { kind: 'words', words }
}

function commandNames(entries: ReadonlyArray<CommandDefinition | CommandGroup>): string[] {
  return entries.filter((entry) => !('hidden' in entry && entry.hidden)).map((entry) => entry.name)
}

function valuesOf(option: OptionDefinition): Candidates {
  const words = option.choices ?? option.words
  if (words) return ofWords(words)
  if (option.flags.includes('--group ')) return { kind: 'names', of: 'groups' }
  if (option.flags.includes('--topic ')) return { kind: 'names', of: 'topics' }
  return ofWords([])
}

/** None when there is no broker, or it is slow: a completion never complains. */
async function namesOf(kind: Names, words: readonly string[], global: GlobalOptions): Promise<string[]> {
  const named = words[words.findIndex((word) => word === '-b' || word === '--bootstrap-server') + 1]
  const isNamed = words.includes('-b') || words.includes('--bootstrap-server')
  // Loading the client library is our time, not the broker's.
  await import('@platformatic/kafka')
  const late = new Promise<string[]>((resolve) => setTimeout(resolve, brokerMs, []).unref())
  try {
    const brokers = isNamed && named !== undefined ? parseBrokers(named) : global.brokers
    return await Promise.race([askNames(kind, { ...global, brokers }), late])
  } catch {
    return []
  }
}

async function askNames(kind: Names, global: GlobalOptions): Promise<string[]> {
  const cluster = await connect(global, brokerMs)
  try {
    if (kind === 'topics') {
      return (await listAllTopics(cluster)).filter((topic) => !topic.isInternal).map((topic) => topic.name ?? '')
    }
    const { brokers } = await cluster.metadata([], 'leave')
    if (kind === 'brokers') return brokers.map((broker) => String(broker.nodeId))
    const answers = await Promise.all(brokers.map((broker) => cluster.call('ListGroups', broker.nodeId, [], [])))
    return answers.flatMap((answer) => answer.groups.map((group) => group.groupId)).sort()
  } finally {
    await cluster.close().catch(() => {})
  }
}
