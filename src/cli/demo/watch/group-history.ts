/**
 * What changed in the groups between two looks at the cluster, in sentences: a rebalance, and who took over from whom.
 */
import { type ServiceName, serviceNames } from '../services.ts'
import type { GroupView, GroupViews } from './groups.ts'

export class GroupHistory {
  /** The last owner of each partition; while a group rebalances, the cluster tells none. */
  readonly #owners = new Map<string, string>()
  readonly #rebalancing = new Set<ServiceName>()

  look(groups: GroupViews): string[] {
    return serviceNames.flatMap((service) => [
      ...this.#rebalances(service, groups[service]),
      ...this.#moves(service, groups[service])
    ])
  }

  #rebalances(service: ServiceName, group: GroupView): string[] {
    if (!isRebalancing(group)) {
      this.#rebalancing.delete(service)
      return []
    }
    if (this.#rebalancing.has(service)) return []
    this.#rebalancing.add(service)
    return [`${service}: who is there shares the work anew (a rebalance)`]
  }

  #moves(service: ServiceName, { owners }: GroupView): string[] {
    const moves = new Map<string, number[]>()
    for (const { member, partitions } of owners) {
      for (const partition of partitions) {
        const name = `${service}:${partition}`
        const former = this.#owners.get(name)
        this.#owners.set(name, member)
        if (former === undefined || former === member) continue
        const move = `${member} ${former}`
        moves.set(move, [...(moves.get(move) ?? []), partition])
      }
    }
    return [...moves].map(([move, partitions]) => {
      const [member, former] = move.split(' ')
      return `${member} took over ${partitions.length === 1 ? 'partition' : 'partitions'} ${partitions.join(', ')} from ${former}`
    })
  }
}

export function isRebalancing({ state }: GroupView): boolean {
  return state === 'PreparingRebalance' || state === 'CompletingRebalance'
}
