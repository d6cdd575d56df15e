/** Applies one record of `__consumer_offsets`, or the end of a transaction, to the hard state: the only place that changes it. */
import type { RecordPlace, StateRecord } from '../coordinator.ts'
import { replayGroup } from './classic/replay.ts'
import { replayConsumerGroup } from './consumer/replay.ts'
import { replayEndOfOffsets, replayOffset } from './offsets/replay.ts'
import { readGroupLogRecord } from './records.ts'
import { isShareGroupRecord } from './share/records.ts'
import { replayShareGroup } from './share/replay.ts'
import type { GroupsState } from './state.ts'
import { isStreamsGroupRecord } from './streams/records.ts'
import { replayStreamsGroup } from './streams/replay.ts'

export function replay(state: GroupsState, record: StateRecord, at: RecordPlace): void {
  const read = readGroupLogRecord(record)
  if (read.kind === 'foreign') return
  if (read.kind === 'group') replayGroup(state, read.groupId, read.value)
  else if (read.kind === 'offset') replayOffset(state, read.place, read.value, at)
  else if (read.kind === 'unknown') state.unknownTypes.add(read.type)
  else if (isShareGroupRecord(read)) replayShareGroup(state, read)
  else if (isStreamsGroupRecord(read)) replayStreamsGroup(state, read)
  else replayConsumerGroup(state, read)
}

export function replayEnd(state: GroupsState, producerId: number, outcome: 'commit' | 'abort'): void {
  replayEndOfOffsets(state, producerId, outcome)
}
