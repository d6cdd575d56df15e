/**
 * What groups were promised, and what their members were told.
 *
 * - Where a group is never goes back: whoever asks is told at least what was acknowledged before. A commit without an answer may be
 *   taken late, after one that was sent behind it; not in a later generation, and not for ever.
 * - A partition has one owner in a generation, and a member one assignment.
 * - Generations only grow. Once anybody has the assignment of one, whoever is of an earlier one is refused.
 */
import { BrokenPromise } from './broken-promise.ts'

/** What was under way when a connection broke has been done, or never will be. */
const settledMicros = 10_000_000

/** A member as it commits; generation -1: nobody's. */
export interface Membership {
  readonly group: string
  readonly generation: number
  readonly memberId: string
}

/** A commit on its way. */
export interface Commit {
  readonly place: string
  readonly group: string
  readonly generation: number
  readonly offset: number
  readonly sentMicros: number
}

interface Committed {
  atLeast: number
  asked: number
  /** Those without an answer, which may still be taken. */
  unanswered: readonly Commit[]
}

interface Generation {
  /** By partition. */
  readonly owners: Map<string, string>
  /** By member. */
  readonly assignments: Map<string, string>
}

export class GroupLedger {
  readonly counts = { committed: 0, fenced: 0, generations: 0, assigned: 0 }
  readonly #nowMicros: () => number
  readonly #commits = new Map<string, Committed>()
  readonly #generations = new Map<string, Generation>()
  /** By group: the latest of which anybody has the assignment. */
  readonly #latest = new Map<string, number>()

  constructor(nowMicros: () => number) {
    this.#nowMicros = nowMicros
  }

  /** The latest generation of which anybody has the assignment; -1 when there is none. */
  latestOf(group: string): number {
    return this.#latest.get(group) ?? -1
  }

  commitAsked({ group, generation }: Membership, topicId: string, partition: number, offset: number): Commit {
    const place = placeOf(group, topicId, partition)
    const commit = { place, group, generation, offset, sentMicros: this.#nowMicros() }
    const committed = this.#at(place)
    committed.asked = Math.max(committed.asked, offset)
    committed.unanswered = [...committed.unanswered, commit]
    return commit
  }

  /** `fencedBy`: the latest generation when it was sent. */
  committed(commit: Commit, fencedBy: number): void {
    const { place, group, generation, offset, sentMicros } = commit
    this.counts.committed += 1
    if (generation >= 0 && generation < fencedBy)
      fail(group, `a commit of generation ${generation} was taken; ${fencedBy} has begun before it was sent`)
    const committed = this.#at(place)
    committed.atLeast = Math.max(committed.atLeast, offset)
    committed.unanswered = committed.unanswered.filter(
      (other) => other !== commit && other.generation >= generation && sentMicros <= other.sentMicros + settledMicros
    )
  }

  /** It was not taken, and never will be. */
  refused(commit: Commit): void {
    const committed = this.#at(commit.place)
    committed.unanswered = committed.unanswered.filter((other) => other !== commit)
  }

  /** What a group is told at least, asking now. */
  atLeast(group: string, topicId: string, partition: number): number {
    const { atLeast, unanswered } = this.#at(placeOf(group, topicId, partition))
    return Math.min(atLeast, ...unanswered.map(({ offset }) => offset))
  }

  /** A group was told where it is; -1 is nowhere. `atLeast` as it was when it asked. */
  fetchedCommit(group: string, topicId: string, partition: number, offset: number, atLeast: number): void {
    const place = placeOf(group, topicId, partition)
    const { asked, unanswered } = this.#at(place)
    const least = Math.min(atLeast, ...unanswered.map((commit) => commit.offset))
    if (offset >= least && offset <= asked) return
    fail(group, `it is at ${offset} of ${topicId}-${partition}: ${least} was acknowledged, ${asked} asked for`)
  }

  /** Where groups have committed, for whoever looks at all of it in the end. */
  places(): { readonly group: string; readonly topicId: string; readonly partition: number }[] {
    return Array.from(this.#commits.keys(), (place) => {
      const [group = '', topicId = '', partition = ''] = place.split(' ')
      return { group, topicId, partition: Number(partition) }
    })
  }

  /** A member was told its generation; `latestBefore`: the latest when it asked. */
  joined({ group, generation }: Membership, latestBefore: number): void {
    if (generation < latestBefore)
      fail(group, `a member was told of generation ${generation}; ${latestBefore} had begun before it asked`)
  }

  /** A member was told what is its own. */
  assigned({ group, generation, memberId }: Membership, partitions: readonly string[]): void {
    const key = `${group} ${generation}`
    const known = this.#generations.get(key) ?? { owners: new Map(), assignments: new Map() }
    if (!this.#generations.has(key)) this.counts.generations += 1
    this.#generations.set(key, known)
    this.#latest.set(group, Math.max(this.latestOf(group), generation))
    this.counts.assigned += partitions.length
    const before = known.assignments.get(memberId) ?? partitions.join()
    if (before !== partitions.join())
      fail(group, `${memberId} was told of two assignments in generation ${generation}: ${before}, and ${partitions}`)
    known.assignments.set(memberId, before)
    for (const partition of partitions) {
      const owner = known.owners.get(partition) ?? memberId
      if (owner !== memberId) fail(group, `${partition} is ${owner}'s and ${memberId}'s in generation ${generation}`)
      known.owners.set(partition, memberId)
    }
  }

  /** A member was told that it goes on; `fencedBy`: the latest generation when it asked. */
  heard({ group, generation, memberId }: Membership, fencedBy: number): void {
    if (generation < fencedBy)
      fail(group, `${memberId} was told to go on in generation ${generation}; ${fencedBy} had begun before it asked`)
  }

  #at(place: string): Committed {
    const known = this.#commits.get(place) ?? { atLeast: -1, asked: -1, unanswered: [] }
    this.#commits.set(place, known)
    return known
  }
}

function placeOf(group: string, topicId: string, partition: number): string {
  return `${group} ${topicId} ${partition}`
}

function fail(group: string, what: string): never {
  throw new BrokenPromise(`group ${group}: ${what}`)
}
