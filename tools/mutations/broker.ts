/** Mistakes of a broker: its replicas, its answers, what it keeps of the cluster. */
import type { Mutation } from './list.ts'

const producers = ['test/broker/apis/produce.test.ts']
const dispatch = ['test/broker/dispatch.test.ts']
const workPerTurn = ['test/broker/work-per-turn.test.ts']
const filesGone = ['test/broker/damage/files-gone.test.ts']
const offline = ['test/broker/offline.test.ts']

const bombs = ['test/broker/bombs.test.ts']
const authorization = ['test/broker/authorization.test.ts']

export const brokerMutations: readonly Mutation[] = [
  {
    what: 'a request is read whatever it takes in memory',
    file: 'src/broker/answering.ts',
    text: 'body.memoryLeft = api.memoryBytes',
    replacement: '',
    tests: bombs
  },
  {
    what: 'each list of a request may take what all of them may',
    file: 'src/protocol/reader.ts',
    text: 'this.memoryLeft -= memory',
    replacement: '',
    tests: bombs
  },
  {
    what: 'who may not is served all the same',
    file: 'src/broker/answering.ts',
    text: 'if (refusal !== null) return refused(api, request, refusal, context)',
    replacement: '',
    tests: authorization
  },
  {
    what: 'one of several permissions is taken for all of them',
    file: 'src/broker/authorizer.ts',
    text: 'if (isAllowed && !isEvery) return null',
    replacement: 'if (isAllowed) return null',
    tests: authorization
  },
  {
    what: 'the partitions of fetch sessions that ended count for ever',
    file: 'src/broker/fetch-sessions.ts',
    text: 'this.#partitions -= session.partitions.size',
    replacement: '',
    tests: ['test/broker/fetch-sessions.test.ts']
  },
  {
    what: 'a broken invariant stops nothing',
    file: 'src/broker/broker.ts',
    text: 'else this.#stopPartition(error.stops.partition, error)',
    replacement: 'else return',
    tests: dispatch
  },
  {
    what: 'a mistake of ours is told to nobody',
    file: 'src/broker/answering.ts',
    text: 'broker.failed(asked, error)',
    replacement: '',
    tests: dispatch
  },
  {
    what: 'lent fetch memory is given back before it was sent',
    file: 'src/broker/apis/01-fetch.ts',
    text: 'context.onSent = () => loan.giveBack()',
    replacement: 'loan.giveBack()',
    tests: ['test/broker/fetch-memory.test.ts']
  },
  {
    what: 'a reader that keeps up has its records read twice',
    file: 'src/broker/apis/01-fetch.ts',
    text: 'if (known.length > 0)',
    replacement: 'if (known.length < 0)',
    tests: ['test/broker/unsynced-records.test.ts']
  },
  {
    what: 'a reader that may not read to the end waits for what is there to be synced',
    file: 'src/broker/apis/01-fetch.ts',
    text: 'sizeBytes > Math.min(maxBytes, remainingBytes)',
    replacement: 'sizeBytes > limits.fetchBytes',
    tests: ['test/broker/unsynced-records.test.ts']
  },
  {
    what: 'housekeeping never starts',
    file: 'src/broker/broker.ts',
    text: 'this.#housekeeping.start()',
    replacement: '',
    tests: ['test/broker/housekeeping.test.ts']
  },
  {
    what: 'acks=all is answered as acks=1 is',
    file: 'src/broker/apis/00-produce.ts',
    text: 'if (acks !== allInSyncReplicas) return replica.log.written()',
    replacement: 'if (acks !== 0) return replica.log.written()',
    tests: producers
  },
  {
    what: 'a request of an old epoch of a fetch session is taken',
    file: 'src/broker/fetch-sessions.ts',
    text: 'if (session.epoch !== request.sessionEpoch) return',
    replacement: 'if (session.epoch < request.sessionEpoch) return',
    tests: ['test/broker/fetch-sessions.test.ts', 'test/broker/fetch-sessions.model.test.ts']
  },
  {
    what: 'a fetch session in use is given up for a new one',
    file: 'src/broker/fetch-sessions.ts',
    text: 'if (this.#clock.nowMs() - oldest.lastUsedMs < limits.fetchSessionIdleMs) return false',
    replacement: '',
    tests: ['test/broker/fetch-sessions.test.ts', 'test/broker/fetch-sessions.model.test.ts']
  },
  {
    what: 'a fetch that has as many bytes as it wanted waits on',
    file: 'src/broker/purgatory.ts',
    text: 'if (this.#cameBytes >= this.#wantedBytes) this.ended()',
    replacement: 'if (this.#cameBytes > this.#wantedBytes) this.ended()',
    tests: ['test/broker/purgatory.test.ts']
  },
  {
    what: 'a waiting fetch is not told of the last records that became readable',
    file: 'src/broker/replication/replica.ts',
    text: 'if (entry.endOffset > readable) break',
    replacement: 'if (entry.endOffset >= readable) break',
    tests: ['test/broker/purgatory.test.ts', 'test/broker/apis/fetch.test.ts']
  },
  {
    what: 'who reads only what is committed reads the rest as well',
    file: 'src/broker/read-partition.ts',
    text: "return isolation === 'read_committed' ? replica.lastStableOffset : replica.highWatermark",
    replacement: 'return replica.highWatermark',
    tests: ['test/broker/apis/fetch.test.ts']
  },
  {
    what: 'the last producer id of a block is given to two',
    file: 'src/broker/producer-ids.ts',
    text: 'if (block.next < block.end) return',
    replacement: 'if (block.next <= block.end) return',
    tests: ['test/broker/producer-ids.test.ts']
  },
  {
    what: 'records are deleted that nobody could read yet',
    file: 'src/broker/apis/21-delete-records.ts',
    text: 'start > replica.highWatermark',
    replacement: 'start > replica.log.logEndOffset',
    tests: ['test/broker/apis/delete-records.test.ts']
  },
  {
    what: 'deleted records are back after a crash',
    file: 'src/broker/apis/21-delete-records.ts',
    text: 'await broker.saveLogStartOffsets()',
    replacement: '',
    tests: ['test/broker/apis/delete-records.test.ts']
  },
  {
    what: 'a log that was never recovered is marked as stopped cleanly',
    file: 'src/broker/replicas.ts',
    text: ' && !this.#offline.areUnrecovered(directory.wasStoppedCleanly))',
    replacement: ')',
    tests: offline
  },
  {
    what: 'a damaged log that cannot be closed ends the process',
    file: 'src/broker/offline-replicas.ts',
    text: 'closing.then(ended, ended)',
    replacement: 'closing.then(ended)',
    tests: offline
  },
  {
    what: 'one partition that cannot be trimmed keeps the others from it',
    file: 'src/broker/replicas.ts',
    text: 'this.#telling.attempt(`retention of',
    replacement: 'const untried = (_: string, work: () => void): void => work()\n      untried(`retention of',
    tests: ['test/broker/housekeeping.test.ts']
  },
  {
    what: 'the high watermark of an opened log is its end',
    file: 'src/broker/replication/replica.ts',
    text: 'Math.min(highWatermark ?? Infinity, log.syncedEndOffset)',
    replacement: 'Math.min(highWatermark ?? Infinity, log.logEndOffset)',
    tests: ['test/broker/unsynced-records.test.ts']
  },
  {
    what: 'what checkpoints say of a topic that is gone is kept for the next of its name',
    file: 'src/broker/replicas.ts',
    text: '    this.#checkpoints.forgetDeleted(image, nodeId)\n',
    replacement: '',
    tests: offline
  },
  {
    what: 'a file of records that was cut is no damage where it is served',
    file: 'src/host/node/disk.ts',
    text: "return size < this.#sizeBytes ? 'shorter' : 'as written'",
    replacement: "return 'as written'",
    tests: ['test/host/disk.test.ts']
  },
  {
    what: 'a file of records that was cut and has grown since is not seen',
    file: 'src/log/segment.ts',
    text: "if (found === 'as written' && this.#writtenEnd.isAsWritten()) return",
    replacement: "if (found === 'as written') return",
    tests: filesGone
  },
  {
    what: 'a log that was damaged while it served counts as stopped cleanly',
    file: 'src/broker/offline-replicas.ts',
    text: "if (hosted.closed !== null && hosted.reason.problem !== 'damaged') continue",
    replacement: 'if (hosted.closed !== null) continue',
    tests: filesGone
  },
  {
    what: 'a log is made while the checkpoints on the disk speak of an earlier one of its name',
    file: 'src/broker/replicas.ts',
    text: 'if (this.#checkpoints.speakOfGone(name) && !this.#prepared.has(name, topic.id))',
    replacement: 'if (this.#checkpoints.speakOfGone(name) && this.#prepared.has(name, topic.id))',
    tests: ['test/cluster/renewed-logs.test.ts']
  },
  {
    what: 'a log that was forgotten stays in the list of what was compacted',
    file: 'src/broker/checkpoints.ts',
    text: ', cleaner.saveForgotten()])',
    replacement: '])',
    tests: ['test/cluster/renewed-logs.test.ts']
  },
  {
    what: 'a deletion that a power cut has undone removes the records where the name was taken again',
    file: 'src/broker/strays.ts',
    text: '  disk.rename(name, directory)\n}',
    replacement: '  if (isInPlace) disk.remove(name)\n  else disk.rename(name, directory)\n}',
    tests: ['test/broker/strays.test.ts']
  },
  {
    what: 'a fetch waits for a sync of what it has no room to read',
    file: 'src/broker/apis/01-fetch.ts',
    text: 'remainingBytes -= sizeBytes\n',
    replacement: '',
    tests: ['test/broker/unsynced-records.test.ts']
  },
  {
    what: 'a debugging fetch waits for a sync',
    file: 'src/broker/apis/01-fetch.ts',
    text: 'if (replicaIdOf(request, context) !== consumerReplicaId) return noMore',
    replacement: '',
    tests: ['test/broker/unsynced-records.test.ts']
  },
  {
    what: 'the directory of a partition that is offline stays when its topic goes',
    file: 'src/broker/replicas.ts',
    text: 'else if (disk.exists(name)) this.#removals.add(setDirectoryAside(disk, name, topic.id))',
    replacement: '',
    tests: offline
  },
  {
    what: 'a stop waits for no request',
    file: 'src/broker/broker.ts',
    text: 'if (this.#inFlight === 0 || this.#isBroken) return\n    const refusal',
    replacement: 'if (this.#inFlight >= 0) return\n    const refusal',
    tests: ['test/broker/replicas.test.ts']
  },
  {
    what: 'a stop that breaks waits for who is never answered',
    file: 'src/broker/broker.ts',
    text: 'this.#whenIdle?.()\n    this.#onBroken(reason)',
    replacement: 'this.#onBroken(reason)',
    tests: ['test/broker/broken-stop.test.ts']
  },
  {
    what: 'a connection has gone while what came by it still waits',
    file: 'src/broker/broker.ts',
    text: 'if (this.heldSessions.isHeld(session)) void',
    replacement: 'if (this.nodeId < 0) void',
    tests: ['test/broker/apis/share-fetch.test.ts']
  },
  {
    what: 'records of a coordinator are synced only when somebody waits',
    file: 'src/broker/replica-log.ts',
    text: 'if (result.ok && this.#replica.highWatermark < this.logEndOffset) this.#startSync()',
    replacement: '',
    tests: ['test/broker/replica-log.test.ts']
  },
  {
    what: 'a broker that lost a partition before its start keeps the lead of it',
    file: 'src/broker/participation.ts',
    text: '    this.#tellOffline([...replicas.offline()])\n',
    replacement: '',
    tests: ['test/cluster/offline.test.ts']
  },
  {
    what: 'a broker that loses a partition keeps the lead of it',
    file: 'src/broker/participation.ts',
    text: 'replicas.onOffline = (offline) => this.#tellOffline(offline)',
    replacement: 'replicas.onOffline = () => {}',
    tests: ['test/cluster/offline.test.ts']
  },
  {
    what: 'a partition that nobody else can lead is led by nobody once its leader is offline',
    file: 'src/controller/broker-changes.ts',
    text: '=== null || leader === noLeader) return []',
    replacement: '=== null) return []',
    tests: ['test/controller/broker-changes.test.ts']
  },
  {
    what: 'a coordinator takes what cannot be replicated, and its answers wait for others to come back',
    file: 'src/broker/replica-log.ts',
    text: 'if (!hasEnoughInSyncReplicas)',
    replacement: 'if (false)',
    tests: ['test/cluster/groups.test.ts']
  },
  {
    what: 'a coordinator reads what its log start has passed',
    file: 'src/broker/replica-log.ts',
    text: '        if (offset < startOffset) continue\n',
    replacement: '',
    tests: ['test/broker/replica-log.test.ts']
  },
  {
    what: 'a coordinator closes for good when followers are late',
    file: 'src/coordination/coordinator.ts',
    text: '      if (error instanceof NotSafeYet) throw error\n',
    replacement: '',
    tests: ['test/cluster/groups.test.ts']
  },
  {
    what: 'the reserve stays on a full disk',
    file: 'src/broker/reserve.ts',
    text: "if (!(error instanceof DiskError) || error.problem !== 'full' || !disk.exists(file)) return false\n  disk.remove(file)",
    replacement: "if (!(error instanceof DiskError) || error.problem !== 'full' || !disk.exists(file)) return false",
    tests: ['test/broker/reserve.test.ts']
  },
  {
    what: 'a snapshot of the metadata is there before the records that it stands for are safe',
    file: 'src/coordination/metadata/snapshot-writing.ts',
    text: '    await recordsSafe\n',
    replacement: '',
    tests: ['test/broker/metadata-snapshots.test.ts']
  },
  {
    what: 'snapshots of the metadata go before it is safe that the log begins later',
    file: 'src/broker/snapshot-retention.ts',
    text: 'await log.deleteRecordsBefore',
    replacement: 'void log.deleteRecordsBefore',
    tests: ['test/broker/metadata-snapshots.test.ts']
  },
  {
    what: 'a snapshot of the metadata is written on while the broker stops',
    file: 'src/broker/metadata-snapshots.ts',
    text: '    await this.#underWay\n',
    replacement: '',
    tests: ['test/broker/metadata-snapshots.test.ts']
  },
  {
    what: 'requests of thousands of partitions are done in one turn',
    file: 'src/broker/walks.ts',
    text: '      if (this.#clock.monotonicMs() - beganMs > this.#pace.sliceMs) break\n',
    replacement: '',
    tests: workPerTurn
  },
  {
    what: 'what is sent behind a request of thousands of partitions overtakes it',
    file: 'src/broker/apis/00-produce.ts',
    text: '  heldSessions.hold(context.session, appended)\n',
    replacement: '',
    tests: workPerTurn
  },
  {
    what: 'what waits behind two requests of thousands of partitions overtakes the second',
    file: 'src/broker/held-sessions.ts',
    text: 'if (behind === undefined) continue',
    replacement: 'if (behind !== null) continue',
    tests: workPerTurn
  },
  {
    what: 'a fetch does not hear of what comes to a partition while it reads others',
    file: 'src/broker/fetch-reading.ts',
    text: 'if (replica !== undefined) watch?.add(replica)',
    replacement: 'if (replica !== undefined && partition.partition > 0) watch?.add(replica)',
    tests: workPerTurn
  }
]
