/**
 * What may come next on a line: commands, a command's options, an option's choices, and the names of topics, groups and transactional
 * ids that are there. Only what begins as the last word does.
 */
import {
  type ArgumentDefinition,
  type CommandDefinition,
  type CommandGroup,
  flagsOf,
  type GlobalOptions,
  type OptionDefinition
} from '../command.ts'
import { commands } from '../commands.ts'
import { connect } from '../connect.ts'
import { globalOptionDefinitions, parseBrokers } from '../global-options.ts'
import { everyGroup } from '../groups/every-group.ts'
import { listAllTopics } from '../partitions.ts'
import { everyTransaction } from '../transactions/every-transaction.ts'
import { readLine } from '../typed-line.ts'
import { within } from '../waiting.ts'

/** A person who pressed Tab waits no longer for a broker. */
const brokerMs = 300

/** Names that only a broker knows. */
export type Names = 'topics' | 'groups' | 'transactional ids' | 'brokers'
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
  const { plain, entry, command, awaiting } = readLine(words.slice(0, -1))
  const last = words.at(-1) ?? ''
  if (plain[0] === 'help') return candidatesFor([...plain.slice(1), last])
  if (awaiting !== undefined) return valuesOf(awaiting)
  const isOption = last.startsWith('-')
  if (entry === undefined && isOption) return ofOptions(globalOptionDefinitions)
  if (entry === undefined) return ofWords(plain.length > 0 ? [] : commandNames(commands))
  if (command === undefined) {
    return ofWords('commands' in entry && plain.length === 1 ? commandNames(entry.commands) : [])
  }
  if (isOption) return ofOptions([...(command.options ?? []), ...globalOptionDefinitions])
  return ofArgument(argumentAt(command, plain.length - (command === entry ? 1 : 2)))
}

function ofOptions(options: readonly OptionDefinition[]): Candidates {
  return ofWords(options.flatMap((option) => flagsOf(option)))
}

function argumentAt({ arguments: all = [] }: CommandDefinition, index: number): ArgumentDefinition | undefined {
  const last = all.at(-1)
  return all[index] ?? (last?.name.includes('...') ? last : undefined)
}

function ofArgument(argument: ArgumentDefinition | undefined): Candidates {
  const noun = argument?.isNew ? undefined : /topic|group|transactional-id|id/.exec(argument?.name ?? '')?.[0]
  if (noun === 'topic') return { kind: 'names', of: 'topics' }
  if (noun === 'group') return { kind: 'names', of: 'groups' }
  if (noun === 'transactional-id') return { kind: 'names', of: 'transactional ids' }
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
  if (option.flags.includes('--txn ')) return { kind: 'names', of: 'transactional ids' }
  if (option.flags.includes('--topic ')) return { kind: 'names', of: 'topics' }
  return ofWords([])
}

/** None when there is no broker, or it is slow: a completion never complains. */
async function namesOf(kind: Names, typed: readonly string[], global: GlobalOptions): Promise<string[]> {
  const { words } = readLine(typed)
  const at = words.findIndex((word) => word === '-b' || word === '--bootstrap-server')
  const named = at < 0 ? undefined : words[at + 1]
  // Loading the client library is our time, not the broker's.
  await import('@platformatic/kafka')
  try {
    const brokers = named === undefined ? global.brokers : parseBrokers(named)
    return await within(brokerMs, askNames(kind, { ...global, brokers }), () => new Error('no answer in time'))
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
    if (kind === 'brokers') return cluster.nodeIds.map(String)
    if (kind === 'transactional ids') return (await everyTransaction(cluster)).map((one) => one.transactionalId)
    return (await everyGroup(cluster)).map(({ group }) => group)
  } finally {
    await cluster.close().catch(() => {})
  }
}
