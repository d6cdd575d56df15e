/** Applies one record of `__consumer_offsets`, or the end of a transaction, to the hard state: the only place that changes it. */
import type { RecordPlace, StateRecord } from '../coordinator.ts'
import { replayGroup } from './classic/replay.ts'
import { replayEndOfOffsets, replayOffset } from './offsets/replay.ts'
import { readGroupLogRecord } from './records.ts'
import type { GroupsState } from './state.ts'

export function replay(state: GroupsState, record: StateRecord, at: RecordPlace): void {
  const read = readGroupLogRecord(record)
  if (read.kind === 'group') replayGroup(state, read.groupId, read.value)
  if (read.kind === 'offset') replayOffset(state, read.place, read.value, at)
  if (read.kind === 'unknown') state.unknownTypes.add(read.type)
}

export function replayEnd(state: GroupsState, producerId: number, outcome: 'commit' | 'abort'): void {
  replayEndOfOffsets(state, producerId, outcome)
}
