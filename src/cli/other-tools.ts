/**
 * What users of kcat, rpk, kafkactl, kaf and Apache's scripts type out of habit, and the line of ours for it. A wrong line is
 * answered with the right one: docs/guides/from-other-tools.md, each line of which a test types.
 */
import { ourPlace, type Tool } from './other-options.ts'
import { ourLine } from './our-line.ts'
import { readLine } from './typed-line.ts'

export { ourPlace }

/** Other tools' programs, and the words of ours that their options follow; rpk's, kcat's, kafkactl's and kaf's are known by their words. */
const programs: ReadonlyArray<readonly [RegExp, Tool, string]> = [
  [/^(kcat|kafkacat)$/, 'kcat', ''],
  [/^rpk$/, 'rpk', ''],
  [/^kafkactl$/, 'kafkactl', ''],
  [/^kaf$/, 'kaf', ''],
  [/^(\S*\/)?kafka-topics(\.sh|\.bat)?$/, 'apache', 'topics'],
  [/^(\S*\/)?(kafka-)?consumer-groups(\.sh|\.bat)?$/, 'apache', 'groups'],
  [/^(\S*\/)?kafka-transactions(\.sh|\.bat)?$/, 'apache', 'transactions'],
  [/^(\S*\/)?(kafka-)?console-consumer(\.sh|\.bat)?$/, 'apache', 'console-consumer'],
  [/^(\S*\/)?(kafka-)?console-producer(\.sh|\.bat)?$/, 'apache', 'console-producer'],
  [/^(\S*\/)?(kafka-)?configs(\.sh|\.bat)?$/, 'apache', 'configs'],
  [/^(\S*\/)?(kafka-)?get-offsets(\.sh|\.bat)?$/, 'apache', 'get-offsets'],
  [/^(\S*\/)?(kafka-)?delete-records(\.sh|\.bat)?$/, 'apache', 'delete-records'],
  [/^(\S*\/)?(kafka-)?dump-log(\.sh|\.bat)?$/, 'apache', 'dump-log']
]

const notDeleted = '   (the offsets of a topic are moved here, not deleted)'

/** What other tools create and delete beside topics, none of which is a topic's name. */
const otherThings =
  'acls?|access-control-lists?|users?|partitions?|records?|(consumer-)?groups?[\\w-]*|cg|offsets?|schemas?|configs?|brokers?|clusters?'

/** The switch of a mode, behind nothing but options. */
function kcatMode(letter: string): string {
  return `(-\\S+ ([^-\\s]\\S* )?)*-${letter}~`
}

/** `create orders` and `create topic orders`. */
function topicVerb(verb: string): readonly [string, string] {
  return [`${verb}( topics?~| (?!(${otherThings})~)[\\w.-]+( -|$)|$)`, `topics ${verb}`]
}

/**
 * The words at the beginning, and what they are here: a command with what it needs, and what is to be said of it. The first
 * one that fits counts, so what is harmless or does less stands before what removes more. `records` is no `record`, and
 * `delete-offsets` no `delete`: a word ends where neither a letter nor a hyphen follows, which `~` stands for.
 */
const lines: ReadonlyArray<readonly [RegExp, string]> = (
  [
    // kcat's modes
    [kcatMode('L'), 'brokers list   (and: odradek topics list)'],
    [kcatMode('C'), 'consume'],
    [kcatMode('P'), 'produce'],
    [kcatMode('G'), 'consume --group NAME'],
    [kcatMode('Q'), 'topics offsets --at TIME'],
    // rpk
    ['cluster (info|metadata|health)~', 'brokers list'],
    ['(topics? )?consume .*(-r|--regex)~', 'consume   (a pattern in quotes)'],
    ['topics? (alter-config|set-config|alter)~ .*--delete~', 'topics alter --delete-config NAME'],
    ['topics? (alter-config|set-config)~', 'topics alter -c NAME=VALUE'],
    ['topics? alter~ .*--(set|add-config)~', 'topics alter -c NAME=VALUE'],
    ['topics? add-partitions~', 'topics alter -p PARTITIONS   (so many in all)'],
    ['topics? describe-storage~', 'topics describe'],
    ['topics? (trim-prefix|delete-records)~|topics? trim~ .*(-o|--offset)~', 'topics trim --before PLACE'],
    ['topics? remove~', 'topics delete'],
    ['groups? remove~', 'groups delete'],
    ['groups? seek~', 'groups reset --to PLACE'],
    ['groups? (offset-delete|delete-offsets?)~', `groups reset --to PLACE${notDeleted}`],
    ['topics? consume~', 'consume'],
    ['topics? produce~', 'produce'],
    ['version~', '--version'],
    // Apache's scripts
    ['configs~ .*--entity-type[ =]brokers?~|configs~ .*--broker~', 'brokers describe'],
    [
      'configs~ .*--alter~ .*--delete-config~|configs~ .*--delete-config~ .*--alter~',
      'topics alter --delete-config NAME'
    ],
    ['configs~ .*--alter~', 'topics alter -c NAME=VALUE'],
    ['configs~', 'topics describe --all-configs   (of a broker: odradek brokers describe ID)'],
    ['groups? (-.* )?--delete-offsets~', `groups reset --to PLACE${notDeleted}`],
    ['groups? (-.* )?--delete~.* --topic~|groups? (-.* )?--topic~.* --delete~', `groups reset --to PLACE${notDeleted}`],
    ['(groups? )?(-.* )?(--)?reset-offsets~', 'groups reset --to PLACE'],
    ['groups? (-.* )?--list~', 'groups list'],
    ['groups? (-.* )?--describe~', 'groups describe'],
    ['groups? (-.* )?--delete~', 'groups delete'],
    ['topics? (-.* )?--list~', 'topics list'],
    ['(-.* )?--list~', 'topics list   (or: odradek groups list)'],
    ['(topics? )?(-.* )?--create~', 'topics create'],
    ['(topics? )?(-.* )?--describe~', 'topics describe'],
    ['(topics? )?(-.* )?--alter~', 'topics alter'],
    ['topics? (-.* )?--delete~', 'topics delete'],
    ['(console-consumer|consume)~ .*--property~', 'consume -o raw -k   (or: -f "%k %v\\n")'],
    ['(console-producer|produce)~ .*--property~', 'produce -K \\t   (a tab between key and value)'],
    ['console-consumer~', 'consume --from end'],
    ['console-producer~', 'produce'],
    ['get-offsets~', 'topics offsets'],
    ['delete-records~', 'topics trim --before PLACE'],
    ['dump-log~', 'dump'],
    // kafkactl, kaf
    ['(get|list|ls) (consumer-groups?|cg|groups?)~|groups?$|consumer-groups?$', 'groups list'],
    ['(get|list|ls) brokers?~|nodes?~', 'brokers list'],
    ['(get|list|ls) (topics?~|$|-)|topics?$|(get|list|ls)$', 'topics list'],
    ['describe (consumer-groups?|cg|groups?)~', 'groups describe'],
    ['describe brokers?~', 'brokers describe'],
    ['(delete|rm) (consumer-groups?|cg|groups?)~', 'groups delete'],
    ['(delete|rm) ((consumer-)?groups?-)?offsets?~', `groups reset --to PLACE${notDeleted}`],
    ['(delete|rm) records?~', 'topics trim --before PLACE'],
    ['reset~', 'groups reset --to PLACE'],
    ['produce~ .*--value~', 'produce'],
    ['consume~ .*--print-keys~', 'consume -o raw -k   (or: -f "%k %v\\n")'],
    ['consume~ .*(-f|--follow)$', 'consume   (it follows; -e stops at the end)'],
    ...['create', 'alter', 'describe', 'delete'].map(topicVerb),
    ['(start|server-start|run|up)~', 'serve']
  ] satisfies ReadonlyArray<readonly [string, string]>
).map(([words, ours]) => [new RegExp(`^(?:${words.replaceAll('~', '(?![\\w-])')})`), ours] as const)

export function ourLineFor(words: readonly string[]): string | undefined {
  const [first = ''] = words
  if (first === 'serve') return undefined
  const [, tool, prefix] = programs.find(([name]) => name.test(first)) ?? []
  const typed = tool === undefined ? words : [...(prefix === '' ? [] : [prefix ?? '']), ...words.slice(1)]
  const line = typed.map((word) => word.replace(/\s/g, '_')).join(' ')
  const ours = lines.find(([pattern]) => pattern.test(line))?.[1]
  // Apache's scripts have options for their verbs: who writes a word means ours.
  const spoken = tool === 'apache' && saysVerb(typed) ? 'ours' : tool
  if (ours !== undefined) return ourLine(ours, typed, spoken ?? (first.startsWith('-') ? 'kcat' : 'ours'))
  // What is the same here, behind another program's name.
  return spoken === undefined ? undefined : sameLine(typed, spoken)
}

function saysVerb([noun, verb]: readonly string[]): boolean {
  return (noun === 'topics' || noun === 'groups') && verb !== undefined && !verb.startsWith('-')
}

function sameLine(typed: readonly string[], tool: Tool): string | undefined {
  const { entry, command } = readLine(typed)
  if (entry === undefined || command === undefined) return undefined
  return ourLine(entry === command ? entry.name : `${entry.name} ${command.name}`, typed, tool)
}
