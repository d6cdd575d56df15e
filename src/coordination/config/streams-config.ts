/** What the members of a streams group obey (Kafka: GroupConfig, GroupCoordinatorConfig). */
import type { StreamsGroupSettings } from '../groups/streams/draft.ts'
import { listOf } from './definition.ts'

/** The value that is in force under a name; null when there is none. */
type SettingOf = (name: string) => string | null

/** `ofGroup`: the group's own, else the broker's; `isChosen`: somebody has set one of these; `ofBroker`: of what no group sets for itself. */
export function streamsGroupSettings(
  ofGroup: SettingOf,
  isChosen: (name: string) => boolean,
  ofBroker: SettingOf
): StreamsGroupSettings {
  const number = (name: string): number => Number(ofGroup(`streams.${name}`))
  return {
    sessionTimeoutMs: number('session.timeout.ms'),
    heartbeatIntervalMs: number('heartbeat.interval.ms'),
    isHeartbeatIntervalChosen: isChosen('streams.heartbeat.interval.ms'),
    assignmentIntervalMs: number('assignment.interval.ms'),
    initialRebalanceDelayMs: number('initial.rebalance.delay.ms'),
    numStandbyReplicas: number('num.standby.replicas'),
    rackAwareTags: listOf(ofGroup('streams.rack.aware.assignment.tags') ?? ''),
    taskOffsetIntervalMs: Number(ofBroker('group.streams.task.offset.interval.ms')),
    acceptableRecoveryLag: Number(ofBroker('group.streams.acceptable.recovery.lag'))
  }
}
