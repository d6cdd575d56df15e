/**
 * Where the replicas of new partitions go (Kafka: StripedReplicaPlacer). From partition to partition the first replica goes to the
 * next rack and, within it, to the next broker, and the others to the racks and brokers after it: leaders are spread over all,
 * and the copies of a partition over as many racks as there are. Where it begins, and in which order it goes on when every
 * broker was first once, is chance. Fenced brokers get replicas too, when there are not enough others, but never the first;
 * brokers in controlled shutdown get none.
 */

import type { Chance } from '../../host/chance.ts'
import type { LivingBroker, LivingBrokers } from './living-brokers.ts'

/** The replicas of each of so many partitions; or why that cannot be, as the end of a sentence. */
export function placeReplicas(
  living: LivingBrokers,
  { partitions, replicationFactor }: { readonly partitions: number; readonly replicationFactor: number },
  chance: Chance
): readonly (readonly number[])[] | string {
  const brokers = Array.from(living.all()).filter(({ state }) => state !== 'in controlled shutdown')
  if (brokers.every(({ state }) => state === 'fenced')) {
    return 'All brokers are currently fenced, or have all their log directories cordoned.'
  }
  if (replicationFactor > brokers.length) {
    return `The target replication factor of ${replicationFactor} cannot be reached because only ${brokers.length} broker(s) are registered or some brokers have all their log directories cordoned.`
  }
  const racks = new Racks(brokers, chance)
  return Array.from({ length: partitions }, () => racks.place(replicationFactor))
}

/** Brokers in a circle, of which each round begins one further. */
class Circle {
  #brokers: number[]
  #first: number
  #taken = 0
  #round = 0

  constructor(brokers: readonly number[], chance: Chance) {
    this.#brokers = brokers.toSorted((one, other) => one - other)
    this.#first = brokers.length === 0 ? 0 : chance.below(brokers.length)
  }

  shuffle(chance: Chance): void {
    this.#brokers = shuffled(this.#brokers, chance)
  }

  /** Undefined when all were taken in this round. */
  next(round: number): number | undefined {
    if (this.#brokers.length === 0) return undefined
    if (round !== this.#round) {
      this.#round = round
      this.#taken = 0
      this.#first = (this.#first + 1) % this.#brokers.length
    }
    if (this.#taken === this.#brokers.length) return undefined
    this.#taken += 1
    return this.#brokers[(this.#first + this.#taken - 1) % this.#brokers.length]
  }
}

interface Rack {
  readonly unfenced: Circle
  readonly fenced: Circle
}

class Racks {
  readonly #chance: Chance
  readonly #unfencedCount: number
  #racks: Rack[]
  #first: number
  #round = 0

  constructor(brokers: readonly LivingBroker[], chance: Chance) {
    this.#chance = chance
    // Brokers without a rack are in one together, and that comes first.
    const names = [...new Set(brokers.map(({ rack }) => rack ?? ''))].sort()
    const circle = (name: string, isFenced: boolean) => {
      const inRack = brokers.filter(({ rack, state }) => (rack ?? '') === name && (state === 'fenced') === isFenced)
      return new Circle(
        inRack.map(({ id }) => id),
        chance
      )
    }
    this.#racks = names.map((name) => ({ unfenced: circle(name, false), fenced: circle(name, true) }))
    this.#unfencedCount = brokers.filter(({ state }) => state !== 'fenced').length
    this.#first = chance.below(names.length)
  }

  place(replicationFactor: number): number[] {
    if (this.#round === this.#unfencedCount && this.#unfencedCount > 1) this.#shuffle()
    this.#first %= this.#racks.length
    const [leaderRack, leader] = this.#firstReplica()
    const replicas = [leader]
    for (let index = this.#first, passed = false; replicas.length < replicationFactor; index++) {
      const rack = this.#racks[index % this.#racks.length]
      // The rack of the first replica is passed over once: it has its turn already.
      if (rack === leaderRack && !passed) {
        passed = true
        continue
      }
      const id = rack?.unfenced.next(this.#round) ?? rack?.fenced.next(this.#round)
      if (id !== undefined) replicas.push(id)
    }
    this.#round += 1
    this.#first += 1
    return replicas
  }

  #firstReplica(): readonly [Rack, number] {
    for (let index = this.#first; index < this.#first + this.#racks.length; index++) {
      const rack = this.#racks[index % this.#racks.length]
      const id = rack?.unfenced.next(this.#round)
      if (rack !== undefined && id !== undefined) return [rack, id]
    }
    throw new Error('a partition is placed, and every broker is fenced')
  }

  /** Every broker was first once: another order, so that the same brokers do not meet again and again. */
  #shuffle(): void {
    this.#racks = shuffled(this.#racks, this.#chance)
    for (const { unfenced, fenced } of this.#racks) {
      unfenced.shuffle(this.#chance)
      fenced.shuffle(this.#chance)
    }
    this.#round = 0
  }
}

/** Fisher and Yates. */
function shuffled<Value>(values: readonly Value[], chance: Chance): Value[] {
  const order = [...values]
  for (let index = order.length - 1; index > 0; index--) {
    const other = chance.below(index + 1)
    const [one, two] = [order[index], order[other]]
    if (one !== undefined && two !== undefined) [order[index], order[other]] = [two, one]
  }
  return order
}
