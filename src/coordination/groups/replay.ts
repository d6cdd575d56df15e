/** Applies one record of `__consumer_offsets` to the hard state: the only place that changes it. */
import type { StateRecord } from '../coordinator.ts'
import { replayGroup } from './classic/replay.ts'
import { replayOffset } from './offsets/replay.ts'
import { readGroupLogRecord } from './records.ts'
import type { GroupsState } from './state.ts'

export function replay(state: GroupsState, record: StateRecord): void {
  const read = readGroupLogRecord(record)
  if (read.kind === 'group') replayGroup(state, read.groupId, read.value)
  if (read.kind === 'offset') replayOffset(state, read.place, read.value, record.isPending ? 'pending' : 'counts')
  if (read.kind === 'unknown') state.unknownTypes.add(read.type)
}
