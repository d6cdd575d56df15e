/**
 * Why a reader is given nothing, from what the cluster tells: decided here, partition by partition, in words for whoever waits. Each cause
 * has a name for programs.
 */
import { counted, firstOf } from '../counted.ts'
import type { GroupDescription } from '../groups/group-description.ts'
import { shellWord } from '../own-name.ts'
import { partitionName, type TopicPartition } from '../partitions.ts'
import { explainFailure } from '../present-error.ts'
import type { KnownLog, LogFacts } from './log-facts.ts'

export type Cause =
  | 'no member'
  | 'rebalancing'
  | 'member without partitions'
  | 'nobody has it'
  | 'another member has it'
  | 'topic is gone'
  | 'not authorized'
  | 'cannot be read'
  | 'empty'
  | 'nothing committed'
  | 'removed before it was read'
  | 'made again'
  | 'at the end'
  | 'open transaction'
  | 'aborted'
  | 'is being read'
  | 'does not get on'
  | 'given out'
  | 'filtered'
  | 'the group has read it'
  | 'began at the end'

export interface Finding {
  readonly cause: Cause
  /** `topic:partition` each; none where it is about the group. */
  readonly partitions: readonly string[]
  readonly text: string
  /** A command that shows more, or helps. */
  readonly next?: string
}

/** A partition that a group reads, and how far it is. */
export interface GroupPartition extends TopicPartition {
  readonly committed: bigint | null
  /** What was committed a moment before: whether its reader gets on. */
  readonly committedBefore: bigint | null
  /** Of a share group, as its coordinator counts: not done yet. Members may be done with records behind what is committed. */
  readonly left?: bigint | null
  /** The member that has it, and its host. */
  readonly member: string | null
  readonly log: LogFacts
}

export interface GroupFacts {
  readonly group: string
  /** In a share group a partition has many readers, and what is committed is where the group starts. */
  readonly type: GroupDescription['type']
  /** Kafka's word. */
  readonly state: string
  readonly members: readonly { readonly id: string; readonly partitionCount: number }[]
  readonly partitions: readonly GroupPartition[]
}

/** Kafka's words for groups that are about to have another assignment, of either protocol. */
const movingStates = new Set(['PreparingRebalance', 'CompletingRebalance', 'Assigning', 'Reconciling'])

/** What holds for several partitions is told once, with all of them. */
export function explainGroup(facts: GroupFacts): Finding[] {
  const ofPartitions = facts.partitions.map((one) => ofPartition(facts, one))
  return [...ofGroup(facts), ...together(ofPartitions)]
}

function ofGroup({ group, type, state, members, partitions }: GroupFacts): Finding[] {
  if (members.length === 0) {
    const [topic] = new Set(partitions.map((one) => one.topic))
    const [where, option] =
      type === 'share' ? ['with what is not done', '--share'] : ['at the committed offsets', '--group']
    const text = `No consumer is in the group, so nothing is read. It goes on ${where} when one comes.`
    const next =
      topic === undefined ? {} : { next: `odradek consume ${shellWord(topic)} ${option} ${shellWord(group)}` }
    return [{ cause: 'no member', partitions: [], text, ...next }]
  }
  const findings: Finding[] = []
  if (movingStates.has(state)) {
    const text = `The group is ${state}: its partitions are being given out anew, and are not read until its ${counted(members.length, 'member')} took part. A consumer that is busy for long keeps the others waiting.`
    findings.push({ cause: 'rebalancing', partitions: [], text, next: `odradek groups describe ${shellWord(group)}` })
  }
  const idle = members.filter(({ partitionCount }) => partitionCount === 0)
  if (idle.length > 0 && !movingStates.has(state)) {
    const held = members.reduce((sum, { partitionCount }) => sum + partitionCount, 0)
    const names = firstOf(idle.map(({ id }) => id))
    const are = idle.length === 1 ? 'is given nothing' : 'are given nothing'
    const text = `${names} ${are}: each partition goes to one member, and the others have the ${counted(held, 'partition')} that they subscribe to. More partitions, or another group, give it some.`
    findings.push({ cause: 'member without partitions', partitions: [], text })
  }
  return findings
}

function ofPartition(facts: GroupFacts, one: GroupPartition): Finding {
  const partitions = [partitionName(one)]
  const isLeft = one.member === null && facts.members.length > 0 && !movingStates.has(facts.state)
  if (!isLeft || one.log.kind !== 'known') return { ...found(facts, one), partitions }
  const text = `No member has it: none of the group's consumers subscribes to ${one.topic}.`
  return { cause: 'nobody has it', partitions, text, next: `odradek groups describe ${shellWord(facts.group)}` }
}

function found(facts: GroupFacts, one: GroupPartition): Found {
  const { log, committed, topic, left } = one
  if (log.kind !== 'known') return ofUnavailable(log)
  if (left === 0n) return ofEnd(log)
  const reader = { group: facts.group, topic }
  const unread = facts.type === 'share' ? ofUnread(log, committed, reader) : null
  return unread ?? ofKnown(log, committed, reader) ?? ofReading(facts, one, log)
}

type Found = Omit<Finding, 'partitions'>

/** A group, and the topic of which it reads. */
interface GroupOnTopic {
  readonly group: string
  readonly topic: string
}

/** What is so whoever reads from there; null when there is something to be given. */
export function ofLog(log: LogFacts, position: bigint | null): Found | null {
  return log.kind === 'known' ? ofKnown(log, position, undefined) : ofUnavailable(log)
}

function ofUnavailable(log: Exclude<LogFacts, KnownLog>): Found {
  if (log.kind === 'unreadable') return ofFailure(log)
  return { cause: 'topic is gone', text: 'The topic is not there: it was deleted.', next: 'odradek topics list' }
}

function ofKnown(log: KnownLog, position: bigint | null, reader: GroupOnTopic | undefined): Found | null {
  if (position === null) return ofNoPosition(log, reader)
  if (position < log.start) {
    const text = `Offset ${position} was to be read next, and the log begins at ${log.start}: ${counted(log.start - position, 'offset')} went before they were read, by retention or by hand. A consumer goes on by its auto.offset.reset.`
    return { cause: 'removed before it was read', text, ...resetting(reader) }
  }
  if (position > log.end) {
    const text = `Offset ${position} was to be read next, and the log ends at ${log.end}: the topic was deleted and made again, or has lost its end. A consumer goes on by its auto.offset.reset.`
    return { cause: 'made again', text, ...resetting(reader) }
  }
  if (position === log.end) return ofEnd(log)
  if (position >= log.stable) return ofOpenTransaction(log, position)
  return log.givesNothing ? ofAborted(position, log.stable) : null
}

/** A share group that nobody has read in yet. */
function ofUnread({ start, end }: KnownLog, position: bigint | null, reader: GroupOnTopic): Found | null {
  if (position !== null || start === end) return null
  const text = `Nobody has read it in this group yet: it begins by the group's share.auto.offset.reset, and by the default, latest, it passes over the ${counted(end - start, 'offset')} that are there.`
  return { cause: 'nothing committed', text, ...resetting(reader) }
}

function ofFailure({ failure }: Extract<LogFacts, { kind: 'unreadable' }>): Found {
  const why = explainFailure(failure)
  if (!/AUTHORIZATION_FAILED/.test(failure.name))
    return { cause: 'cannot be read', text: `It cannot be read by anybody: ${why}.`, next: 'odradek brokers list' }
  const text = `You may not read it: ${why}. A consumer under the same user is given nothing either.`
  return { cause: 'not authorized', text }
}

function ofNoPosition({ start, end }: KnownLog, reader: GroupOnTopic | undefined): Found {
  if (start === end) return ofEnd({ start, end })
  const text = `Nothing is committed: a consumer begins by its auto.offset.reset, and by the default, latest, it passes over the ${counted(end - start, 'offset')} that are there.`
  return { cause: 'nothing committed', text, ...resetting(reader) }
}

/** Of this topic alone: what the group has read of others, it has read. */
function resetting(reader: GroupOnTopic | undefined): { readonly next?: string } {
  if (reader === undefined) return {}
  return { next: `odradek groups reset ${shellWord(reader.group)} -t ${shellWord(reader.topic)} --to earliest` }
}

function ofEnd({ start, end }: Pick<KnownLog, 'start' | 'end'>): Found {
  if (end === 0n) return { cause: 'empty', text: 'Nothing was ever written to it.' }
  if (start === end)
    return {
      cause: 'empty',
      text: `It holds nothing: its ${counted(end, 'offset')} were removed, by retention or by hand.`
    }
  return { cause: 'at the end', text: `All of it is read, up to offset ${end}; nothing was written since.` }
}

function ofOpenTransaction({ end, holders }: KnownLog, position: bigint): Found {
  const whose = holders.length === 0 ? '' : ` of ${firstOf(holders)}`
  const text = `${counted(end - position, 'offset')} from ${position} on belong to an open transaction${whose}, or come behind it. Who reads what is committed (isolation.level=read_committed) waits for its end; who does not reads on.`
  const next =
    holders.length === 0
      ? 'odradek transactions list --state ongoing'
      : `odradek transactions describe ${holders.map(shellWord).join(' ')}`
  return { cause: 'open transaction', text, next }
}

/** `end`: exclusive. */
function ofAborted(position: bigint, end: bigint): Found {
  const text = `Offsets ${position} to ${end - 1n} are of aborted transactions, or mark their ends. Who reads what is committed (isolation.level=read_committed) is given nothing of them; who does not is.`
  return { cause: 'aborted', text }
}

/** There is something to be given, and somebody has the partition. */
function ofReading(facts: GroupFacts, one: GroupPartition, log: KnownLog): Found {
  const { committed, committedBefore, member } = one
  const lag = one.left ?? log.end - (committed ?? log.start)
  if (member === null) {
    const text = `${counted(lag, 'offset')} wait, from ${committed ?? log.start} on.`
    return { cause: facts.members.length === 0 ? 'no member' : 'rebalancing', text }
  }
  if (facts.type === 'share') {
    const text = `${counted(lag, 'offset')} from ${committed ?? log.start} on are given out, or wait for room. What a member was given and says nothing of comes again after share.record.lock.duration.ms.`
    return { cause: 'given out', text, next: `odradek groups describe ${shellWord(facts.group)}` }
  }
  if (committed !== null && committedBefore !== null && committed > committedBefore) {
    const text = `It is being read by ${member}: ${counted(committed - committedBefore, 'offset')} in the last moment, and ${counted(lag, 'offset')} to go.`
    return { cause: 'is being read', text }
  }
  const text = `${member} has it and does not get on: ${counted(lag, 'offset')} wait from ${committed ?? log.start} on. It sends heartbeats, so its process lives: it has paused the partition, is busy with what it was given, or does not commit what it has done.`
  return { cause: 'does not get on', text }
}

/** In the order in which they came first. */
export function together(findings: readonly Finding[]): Finding[] {
  const byText = new Map<string, Finding>()
  for (const finding of findings) {
    const key = `${finding.cause} ${finding.text} ${finding.next}`
    const known = byText.get(key)
    byText.set(
      key,
      known === undefined ? finding : { ...known, partitions: [...known.partitions, ...finding.partitions] }
    )
  }
  return [...byText.values()]
}
