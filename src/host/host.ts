import type { Chance } from './chance.ts'
import type { Clock } from './clock.ts'
import type { Disk } from './disk.ts'
import type { Network } from './network.ts'

/** Everything a broker has of the outside world. Whoever starts a broker chooses which version of each it gets. */
export interface Host {
  readonly disk: Disk
  readonly clock: Clock
  readonly network: Network
  readonly chance: Chance
}
