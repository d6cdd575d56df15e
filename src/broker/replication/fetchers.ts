/** The fetchers of this broker: one for each broker that leads what it follows (Kafka: ReplicaFetcherManager). */

import type { Peer } from '../peer.ts'
import type { RoleObserver } from '../replicas.ts'
import { Fetcher, type FetcherOptions } from './fetcher.ts'
import type { Replica } from './replica.ts'

export class Fetchers implements RoleObserver {
  readonly #options: Omit<FetcherOptions, 'peer'> & { readonly peer: (nodeId: number) => Peer }
  readonly #byLeader = new Map<number, Fetcher>()
  readonly #leaderOf = new Map<Replica, number>()
  #isStopped = false

  constructor(options: Omit<FetcherOptions, 'peer'> & { readonly peer: (nodeId: number) => Peer }) {
    this.#options = options
  }

  onRole(replica: Replica): void {
    const leader = replica.leadership === null ? replica.leader : -1
    if (this.#leaderOf.get(replica) !== leader) this.onGone(replica)
    if (leader < 0 || this.#isStopped) return
    this.#leaderOf.set(replica, leader)
    this.#fetcherOf(leader).add(replica)
  }

  onGone(replica: Replica): void {
    const leader = this.#leaderOf.get(replica)
    if (leader === undefined) return
    this.#leaderOf.delete(replica)
    const fetcher = this.#byLeader.get(leader)
    fetcher?.remove(replica)
    if (fetcher?.isEmpty === true) this.#end(leader, fetcher)
  }

  stop(): void {
    this.#isStopped = true
    for (const [leader, fetcher] of [...this.#byLeader]) this.#end(leader, fetcher)
    this.#leaderOf.clear()
  }

  #fetcherOf(leader: number): Fetcher {
    const known = this.#byLeader.get(leader)
    if (known !== undefined) return known
    const fetcher = new Fetcher({ ...this.#options, peer: this.#options.peer(leader) })
    this.#byLeader.set(leader, fetcher)
    return fetcher
  }

  #end(leader: number, fetcher: Fetcher): void {
    fetcher.stop()
    this.#byLeader.delete(leader)
  }
}
