/** Mistakes in share groups: a record that two members hold, one that nobody gets, one that is delivered too often, a state that forgets. */
import type { Mutation } from './list.ts'

const partition = ['test/broker/share/share-partition.model.test.ts', 'test/broker/share/share-partition.test.ts']
const states = ['test/coordination/share-states/decisions.test.ts']
const deadLetters = ['test/broker/share/dead-letters.test.ts']
const led = ['test/broker/share/led-share.model.test.ts']
const sessions = ['test/broker/share/share-sessions.test.ts']
const groups = ['test/coordination/groups/share/share-groups.test.ts']

export const shareGroupMutations: readonly Mutation[] = [
  {
    what: 'a leader of a share partition begins without what was written before',
    file: 'src/broker/share/led-share-partition.ts',
    text: 'new SharePartition({ startOffset, stateBatches: answer.stateBatches }',
    replacement: 'new SharePartition({ startOffset, stateBatches: [] }',
    tests: led
  },
  {
    what: 'a member that goes gives back what others hold',
    file: 'src/broker/share/share-partition.ts',
    text: 'isHeldBy(delivery, memberId) ?',
    replacement: "delivery.state === 'acquired' && delivery.pending === null ?",
    tests: partition
  },
  {
    what: 'the start offset moves as soon as records of aborted transactions are passed',
    file: 'src/broker/share/share-partition.ts',
    text: '    acquisition.take(fetched)',
    replacement: '    acquisition.take(fetched)\n    this.#inFlight.dropDone()',
    tests: partition
  },
  {
    what: 'aborted records that take all the room are passed by nobody',
    file: 'src/broker/share/share-partition.ts',
    text: 'if (this.#isStuck) this.#inFlight.dropDone()',
    replacement: '',
    tests: partition
  },
  {
    what: 'what a share coordinator did not take counts as written',
    file: 'src/broker/share/led-share-partition.ts',
    text: 'else share.refused(change)',
    replacement: 'else share.written(change)',
    tests: led
  },
  {
    what: 'a share group gives up a record whose dead letter was sent, and says so to nobody',
    file: 'src/broker/share/led-share-partition.ts',
    text: 'share.archive(letters)',
    replacement: 'null',
    tests: led
  },
  {
    what: 'what was held for too long is given up only if that is written at once',
    file: 'src/broker/share/led-share-partition.ts',
    text: 'this.#buryLater(givenUp(write.stateBatches, []), isWritten ? null : write)',
    replacement: 'if (isWritten) this.#buryLater(givenUp(write.stateBatches, []))',
    tests: deadLetters
  },
  {
    what: 'a dead letter is sent before it is written that its record is given up',
    file: 'src/broker/share/led-share-partition.ts',
    text: 'isWritten ? null : write)',
    replacement: 'null)',
    tests: deadLetters
  },
  {
    what: 'locks of records run out without anybody looking',
    file: 'src/broker/share/lock-timer.ts',
    text: 'if (share.nextTimeoutMs <= nowMs) due.push(share)',
    replacement: 'if (share.nextTimeoutMs < 0) due.push(share)',
    tests: led
  },
  {
    what: 'a request of a share session may come twice',
    file: 'src/broker/share/share-sessions.ts',
    text: 'if (epoch !== session.epoch) return refused(ErrorCode.INVALID_SHARE_SESSION_EPOCH)',
    replacement: 'if (epoch > session.epoch) return refused(ErrorCode.INVALID_SHARE_SESSION_EPOCH)',
    tests: sessions
  },
  {
    what: 'a share session outlives its connection',
    file: 'src/broker/share/share-sessions.ts',
    text: 'for (const session of sessions) this.#end(session)',
    replacement: '',
    tests: sessions
  },
  {
    what: 'what was given back goes to another before that is safe',
    file: 'src/broker/share/run.ts',
    text: "return state === 'available' && pending === null",
    replacement: "return state === 'available'",
    tests: partition
  },
  {
    what: 'a record is delivered once more than allowed',
    file: 'src/broker/share/share-partition.ts',
    text: 'count < deliveryCountLimit)',
    replacement: 'count <= deliveryCountLimit)',
    tests: partition
  },
  {
    what: 'after a refused write the lock of a record never runs out',
    file: 'src/broker/share/share-partition.ts',
    text: 'this.#locked(before.lockedUntilMs)',
    replacement: '',
    tests: partition
  },
  {
    what: 'the start moves over what may yet be refused',
    file: 'src/broker/share/run.ts',
    text: 'return isComplete(delivery) && delivery.pending === null',
    replacement: 'return isComplete(delivery)',
    tests: partition
  },
  {
    what: 'what has failed often goes out with what has not',
    file: 'src/broker/share/acquisition.ts',
    text: 'if (isThrottled && this.#count > 0) return false',
    replacement: '',
    tests: partition
  },
  {
    what: 'a late write takes back what a later one said',
    file: 'src/coordination/share-states/batches.ts',
    text: 'return one.deliveryCount > other.deliveryCount',
    replacement: 'return one.deliveryCount < other.deliveryCount',
    tests: states
  },
  {
    what: 'a leader of before writes after an initialization',
    file: 'src/coordination/share-states/replay.ts',
    text: 'newestLeaderEpoch: Math.max(known?.newestLeaderEpoch ?? 0, state.leaderEpoch),',
    replacement: 'newestLeaderEpoch: state.leaderEpoch,',
    tests: states
  },
  {
    what: 'the log is cut behind a snapshot that is needed',
    file: 'src/coordination/share-states/prune.ts',
    text: 'least = Math.min(least, snapshotOffset)',
    replacement: 'least = Math.max(least, snapshotOffset)',
    tests: states
  },
  {
    what: 'a share group assigns what is not initialized',
    file: 'src/coordination/groups/share/retarget.ts',
    text: 'const initialized = group.statePartitions?.initialized',
    replacement: 'const initialized = group.statePartitions?.initializing',
    tests: groups
  },
  {
    what: 'share coordinators are asked before it is safe that they are',
    file: 'src/coordination/groups/share/share-groups.ts',
    text: 'if (!isSafe) return false',
    replacement: '',
    tests: groups
  },
  {
    what: 'a new partition of a topic that a share group reads begins where its leader likes',
    file: 'src/coordination/groups/share/initialize.ts',
    text: 'initializedOf(group, topicId) === undefined ? unknownStartOffset : 0',
    replacement: 'unknownStartOffset',
    tests: groups
  },
  {
    what: 'who joins a share group while it is being deleted is initialized, and then forgotten',
    file: 'src/coordination/groups/share/initialize.ts',
    text: 'if (isInitializing) return',
    replacement: '',
    tests: groups
  },
  {
    what: 'a share group is forgotten before share coordinators have forgotten it',
    file: 'src/coordination/groups/group-coordinator.ts',
    text: 'if (errorCode !== ErrorCode.NONE) return errorCode\n    return this',
    replacement: 'return this',
    tests: groups
  },
  {
    what: 'a share group expires with the offsets that it never has',
    file: 'src/coordination/groups/offsets/expire.ts',
    text: 'if (!group.hasOffsets) return []',
    replacement: '',
    tests: groups
  },
  {
    what: 'a member of a share group is in the epoch before the one before',
    file: 'src/coordination/groups/share/heartbeat.ts',
    text: 'epoch === member.epoch || epoch === member.previousEpoch',
    replacement: 'epoch <= member.epoch',
    tests: groups
  },
  {
    what: 'partitions that are initialized are assigned with the next change alone',
    file: 'src/coordination/groups/share/subscribe.ts',
    text: '|| hasNewPartitions(group)',
    replacement: '',
    tests: groups
  },
  {
    what: 'a consumer joins a share group and makes it a classic one',
    file: 'src/coordination/groups/group-coordinator.ts',
    text: 'if (this.#state.share(groupId) !== undefined ||',
    replacement: 'if (',
    tests: groups
  },
  {
    what: 'the assignor of share groups lets members have more than their share',
    file: 'src/coordination/groups/assignors/simple.ts',
    text: 'takeFromShared(pool)\n    takeFromFull(pool)',
    replacement: 'takeFromShared(pool)',
    tests: ['test/coordination/groups/assignors/simple.test.ts']
  }
]
