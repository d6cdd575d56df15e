/** What the groups of one coordinator are looked after with, whatever their kind. */
import type { Chance } from '../../host/chance.ts'
import type { Clock } from '../../host/clock.ts'
import type { Deadlines } from './deadlines.ts'
import type { Decisions } from './decisions.ts'
import type { GroupConfig } from './group-config.ts'
import type { GroupsState } from './state.ts'

export interface GroupsOptions {
  readonly state: GroupsState
  readonly decisions: Decisions
  readonly deadlines: Deadlines
  readonly clock: Clock
  readonly chance: Chance
  readonly config: GroupConfig
}
