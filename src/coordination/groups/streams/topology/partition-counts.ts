/**
 * How many partitions the internal topics of a topology are to have (KIP-1071; Kafka: RepartitionTopics, CopartitionedTopicsEnforcer,
 * ChangelogTopics). Repartition topics have as many as what feeds them reads, or as many as what they are joined with; changelogs as many as
 * their subtopology has tasks.
 */
import { LeastFirst } from '../assign/least-first.ts'
import type { Subtopology, Topology } from './topology.ts'

/** Undefined: there is no such topic. */
export type PartitionCountOf = (topic: string) => number | undefined

/** Partition counts of topics by name, or why there are none. */
export type PartitionCounts =
  | { readonly kind: 'counts'; readonly counts: ReadonlyMap<string, number> }
  /** Topics are there, and do not go together: somebody can mend that. */
  | { readonly kind: 'incorrectly partitioned'; readonly message: string }
  /** No topics could make it right. */
  | { readonly kind: 'invalid'; readonly message: string }

interface Wrong {
  readonly kind: 'incorrectly partitioned' | 'invalid'
  readonly message: string
}

/** All source topics of the topology are there. */
export function decidePartitionCounts(topology: Topology, existing: PartitionCountOf): PartitionCounts {
  const counts = new Map<string, number>()
  const countOf = (topic: string) => existing(topic) ?? counts.get(topic)
  const wrong = countRepartitionTopics(topology, existing, counts) ?? copartition(topology, countOf, counts)
  if (wrong !== null) return wrong
  for (const subtopology of topology.subtopologies) {
    const partitions = taskCount(subtopology, countOf)
    if (partitions === null) return invalid(`No source topics found for subtopology ${subtopology.subtopologyId}`)
    const sources = new Set(inputTopics(subtopology))
    for (const { name } of subtopology.stateChangelogTopics) if (!sources.has(name)) counts.set(name, partitions)
  }
  return { kind: 'counts', counts }
}

/** As many as the largest of its input topics has partitions; null when it has none. */
export function taskCount(subtopology: Subtopology, countOf: PartitionCountOf): number | null {
  const counts = inputTopics(subtopology).map((topic) => countOf(topic) ?? 0)
  return counts.length === 0 ? null : Math.max(...counts)
}

export function inputTopics({ sourceTopics, repartitionSourceTopics }: Subtopology): string[] {
  return [...sourceTopics, ...repartitionSourceTopics.map(({ name }) => name)]
}

/** What is fixed is so; what is not comes from what feeds it, round and round, until nothing is open or nothing moves. */
function countRepartitionTopics(
  { subtopologies }: Topology,
  existing: PartitionCountOf,
  counts: Map<string, number>
): Wrong | null {
  for (const { repartitionSourceTopics } of subtopologies) {
    for (const { name, partitions } of repartitionSourceTopics) if (partitions !== 0) counts.set(name, partitions)
  }
  if (!countInTurn(subtopologies, existing, counts)) {
    const why = 'There may be loops in the topology that cannot be resolved.'
    return invalid(`Failed to compute number of partitions for all repartition topics. ${why}`)
  }
  const isCounted = ({ repartitionSourceTopics }: Subtopology) =>
    repartitionSourceTopics.every(({ name }) => counts.has(name))
  if (subtopologies.every(isCounted)) return null
  const why = 'because a repartition source topic is never used as a sink topic.'
  return invalid(`Failed to compute number of partitions for all repartition topics, ${why}`)
}

interface Turn {
  readonly round: number
  readonly index: number
}

function isSooner(one: Turn, other: Turn): boolean {
  return one.round < other.round || (one.round === other.round && one.index < other.index)
}

/**
 * False when some stay open. Kafka goes over all subtopologies again and again; here each has its turn where Kafka would first find
 * that something is known of what it reads, so that a long chain costs no more than its length.
 */
function countInTurn(
  subtopologies: readonly Subtopology[],
  existing: PartitionCountOf,
  counts: Map<string, number>
): boolean {
  const turns = new LeastFirst<Turn>(isSooner, [])
  const readers = readersOf(subtopologies)
  const waiting = new Set<number>()
  for (const [index, subtopology] of subtopologies.entries()) {
    if (subtopology.repartitionSinkTopics.every((name) => counts.has(name))) continue
    if (knownInputs(subtopology, existing, counts).length > 0) turns.push({ round: 0, index })
    else waiting.add(index)
  }
  for (let turn = turns.pop(); turn !== undefined; turn = turns.pop()) {
    const subtopology = subtopologies[turn.index]
    if (subtopology === undefined) continue
    const partitions = Math.max(...knownInputs(subtopology, existing, counts))
    for (const name of subtopology.repartitionSinkTopics) {
      if (counts.has(name)) continue
      counts.set(name, partitions)
      for (const index of readers.get(name) ?? []) {
        const round = index > turn.index ? turn.round : turn.round + 1
        if (waiting.delete(index)) turns.push({ round, index })
      }
    }
  }
  return waiting.size === 0
}

/** Which subtopologies read a repartition topic. */
function readersOf(subtopologies: readonly Subtopology[]): Map<string, number[]> {
  const readers = new Map<string, number[]>()
  for (const [index, { repartitionSourceTopics }] of subtopologies.entries()) {
    for (const { name } of repartitionSourceTopics) {
      const ofTopic = readers.get(name) ?? []
      readers.set(name, ofTopic)
      ofTopic.push(index)
    }
  }
  return readers
}

/** Of what it reads, as far as it is known: the largest is what its sinks have. */
function knownInputs(
  { sourceTopics, repartitionSourceTopics }: Subtopology,
  existing: PartitionCountOf,
  counts: ReadonlyMap<string, number>
): number[] {
  return [
    ...repartitionSourceTopics.map(({ name }) => counts.get(name)),
    ...sourceTopics.map((name) => existing(name))
  ].filter((count) => count !== undefined)
}

function copartition(
  { subtopologies }: Topology,
  countOf: PartitionCountOf,
  counts: Map<string, number>
): Wrong | null {
  const repartitionTopics = subtopologies.flatMap((subtopology) => subtopology.repartitionSourceTopics)
  const fixed = new Set(repartitionTopics.filter(({ partitions }) => partitions !== 0).map(({ name }) => name))
  const internal = new Set(repartitionTopics.map(({ name }) => name))
  for (const subtopology of subtopologies) {
    for (const group of copartitionGroups(subtopology)) {
      if (group === null) return invalid('A copartition group names a topic that its subtopology does not have.')
      const wrong = enforce(group, { fixed, internal, countOf, counts })
      if (wrong !== null) return wrong
    }
  }
  return null
}

/** The names of topics that go together; null where an index is of none. */
function copartitionGroups(subtopology: Subtopology): (ReadonlySet<string> | null)[] {
  const { sourceTopics, repartitionSourceTopics } = subtopology
  return subtopology.copartitionGroups.map((group) => {
    const names = [
      ...group.sourceTopics.map((index) => sourceTopics[index]),
      ...group.repartitionSourceTopics.map((index) => repartitionSourceTopics[index]?.name)
    ]
    const known = names.filter((name) => name !== undefined)
    return known.length === names.length ? new Set(known) : null
  })
}

interface Copartitioning {
  readonly fixed: ReadonlySet<string>
  readonly internal: ReadonlySet<string>
  readonly countOf: PartitionCountOf
  readonly counts: Map<string, number>
}

/** External topics decide; without any, the fixed ones; without these the largest. */
function enforce(group: ReadonlySet<string>, { fixed, internal, countOf, counts }: Copartitioning): Wrong | null {
  if (group.size === 0) return null
  const names = [...group].sort()
  const external = names.filter((name) => !internal.has(name))
  const deciding = external.length > 0 ? external : names.filter((name) => fixed.has(name))
  const decided = (deciding.length > 0 ? deciding : names).map((name) => countOf(name) ?? 0)
  const partitions = Math.max(...decided)
  if (deciding.length > 0 && decided.some((count) => count !== partitions)) {
    const shown = (external.length > 0 ? external : names).map((name) => `${name}=${countOf(name) ?? 0}`).join(', ')
    const what = `Following topics do not have the same number of partitions: [{${shown}}]`
    return { kind: 'incorrectly partitioned', message: what }
  }
  for (const name of names) {
    if (!internal.has(name)) continue
    const count = countOf(name) ?? 0
    if (fixed.has(name) && count !== partitions) {
      const what = `Number of partitions [${count}] of repartition topic [${name}]`
      const message = `${what} doesn't match number of partitions [${partitions}] of the source topic.`
      return { kind: 'incorrectly partitioned', message }
    }
    counts.set(name, partitions)
  }
  return null
}

function invalid(message: string): Wrong {
  return { kind: 'invalid', message }
}
