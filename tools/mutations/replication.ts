/** Mistakes in what brokers tell each other of their replicas. The simulation finds them; it lives through kills, power cuts and lost messages. */
import type { Mutation } from './list.ts'

const simulation = ['test/simulation/seeds.test.ts']
const isolation = ['test/cluster/isolation.test.ts']
const leadership = 'src/broker/replication/leadership.ts'

export const replicationMutations: readonly Mutation[] = [
  {
    what: 'acks=all is answered before the followers have it',
    file: 'src/broker/replication/replica.ts',
    text: 'if (this.#highWatermark >= endOffset) return Promise.resolve()',
    replacement:
      'if (this.log.syncedEndOffset >= endOffset) return Promise.resolve()\n    return this.log.durable(endOffset)',
    tests: simulation
  },
  {
    what: 'the high watermark is what the leader alone has',
    file: leadership,
    text: 'if (endOffset < end && this.#isInMaximalSet(nodeId)) end = endOffset',
    replacement: 'if (endOffset < 0) end = ownDurableEnd',
    tests: simulation
  },
  {
    what: 'the high watermark is what one of the others has',
    file: leadership,
    text: 'if (endOffset < end && this.#isInMaximalSet(nodeId)) end = endOffset',
    replacement: 'if (this.#isInMaximalSet(nodeId)) return Math.min(end, endOffset)',
    tests: simulation
  },
  {
    what: 'a follower joins the in-sync set without having caught up',
    file: leadership,
    text: 'return follower.endOffset >= highWatermark && follower.endOffset >= this.startOffset',
    replacement: 'return follower.endOffset >= 0 || highWatermark < 0',
    tests: simulation
  },
  {
    what: 'a broker that follows now goes on as the leader that it was',
    file: 'src/broker/replication/replica.ts',
    text: 'if (partition.leader !== this.#nodeId) this.resign()',
    replacement: '',
    tests: simulation
  },
  {
    what: 'a follower keeps what its leader does not have',
    file: 'src/broker/read-partition.ts',
    text: 'if (fetch.lastFetchedEpoch === -1) return null',
    replacement: 'if (fetch.lastFetchedEpoch >= -1) return null',
    tests: simulation
  },
  {
    what: 'a follower that has more than its leader is cut back to its high watermark instead of by epoch',
    file: 'src/broker/replication/fetcher.ts',
    text: 'const offset = Math.min(common < 0 ? leaders.endOffset : common, log.logEndOffset)',
    replacement: 'const offset = Math.min(replica.highWatermark, log.logEndOffset + Math.min(0, common))',
    tests: simulation
  },
  {
    what: 'a follower does not note where the epochs of its leaders begin',
    file: 'src/log/log-end.ts',
    text: 'for (const { header } of batches) this.#of.epochs.assign(header.partitionLeaderEpoch, header.baseOffset)',
    replacement: '',
    tests: simulation
  },
  {
    what: 'a leader goes on in the epoch that it had',
    file: 'src/broker/replication/replica.ts',
    text: '    this.#leaderEpoch = partition.leaderEpoch\n',
    replacement: '',
    tests: simulation
  },
  {
    what: 'a follower does not remember the producers of what it takes',
    file: 'src/log/log-end.ts',
    text: 'for (const batch of batches) this.#remember(batch, segment)',
    replacement: "if (write === 'in this turn') for (const batch of batches) this.#remember(batch, segment)",
    tests: simulation
  },
  {
    what: 'any replica is elected, whether or not it is in sync',
    file: 'src/controller/election.ts',
    text: 'return inSyncReplicas.length > 0 ? inSyncReplicas.includes(id) : eligibleLeaderReplicas.includes(id)',
    replacement: 'return inSyncReplicas.length > 0 || eligibleLeaderReplicas.includes(id)',
    tests: simulation
  },
  {
    what: 'what a follower asked before its broker was started anew counts as what it has',
    file: leadership,
    text: 'if (follower === undefined || brokerEpoch < follower.brokerEpoch) return false',
    replacement: 'if (follower === undefined) return false',
    tests: ['test/cluster/in-sync-sets.test.ts']
  },
  {
    what: 'a leader takes who lags out of its in-sync set without the controller, whether or not it is replaced',
    file: 'src/broker/replication/in-sync-sets.ts',
    text: '      yield { replica, leadership, inSyncReplicas }\n    }\n  }\n}',
    replacement:
      '      const { partition } = leadership\n      leadership.update({ ...partition, inSyncReplicas, partitionEpoch: partition.partitionEpoch + 0.5 }, nowMs)\n      yield { replica, leadership, inSyncReplicas }\n    }\n  }\n}',
    tests: isolation
  },
  {
    what: 'after a start a broker that has not heard of its new epochs leads in the old ones',
    file: 'src/cluster/cluster.ts',
    text: 'this.#channel.tell(broker.nodeId, () => broker.serve(epoch))',
    replacement: 'broker.serve(epoch)',
    tests: isolation
  },
  {
    what: 'a broker that is not heard keeps what it leads for ever',
    file: 'src/controller/broker-sessions.ts',
    text: 'if (quarters >= quartersOfSession) over.push(id)',
    replacement: 'if (quarters < 0) over.push(id)',
    tests: isolation
  },
  {
    what: 'a broker that is gone is heard once more, and takes part',
    file: 'src/cluster/channel.ts',
    text: 'if (!this.#isConnected(broker)) throw gone(nodeId)',
    replacement: '',
    tests: isolation
  },
  {
    what: 'what the controller told a broker that was cut off is lost for it',
    file: 'src/cluster/post.ts',
    text: 'if (!(await this.#hasCome(carry)) || this.#hasEnded) continue',
    replacement: 'if (!(await this.#hasCome(carry)) || this.#hasEnded) this.#waiting.splice(0, count)',
    tests: isolation
  },
  {
    what: 'a broker takes part before it has heard of its registration',
    file: 'src/controller/heartbeat.ts',
    text: 'const isFenced = wasFenced && !knowsItself',
    replacement: 'const isFenced = false',
    tests: ['test/controller/broker-sessions.test.ts']
  },
  {
    what: 'a broker that comes while others write misses what they write',
    file: 'src/controller/controller.ts',
    text: 'if (this.#told > handedIn) missed.push(...records)',
    replacement: 'if (this.#told < handedIn) missed.push(...records)',
    tests: ['test/controller/attaching.test.ts']
  },
  {
    what: 'a broker does not say what its start has cut off',
    file: 'src/broker/hosted-partitions.ts',
    text: "state: wasCut ? 'cut' : state }",
    replacement: 'state }',
    tests: ['test/cluster/cut-tails.test.ts']
  },
  {
    what: 'a start that is killed does not leave to the next that it has cut something off',
    file: 'src/log/opening.ts',
    text: '    writeCutNote(disk, directory)\n',
    replacement: '',
    tests: ['test/log/cut-note.test.ts']
  },
  {
    what: 'who was cut leads while others are away',
    file: 'src/controller/replica-ends.ts',
    text: 'return { out: [], undecided: idsOf(cut) }',
    replacement: 'return nothingDecided',
    tests: ['test/controller/cluster.model.test.ts']
  },
  {
    what: 'a log that is opened late leads at once, whatever others have',
    file: 'src/controller/partition-change.ts',
    text: 'isAcceptableLeader(scene, partition, id) && mayServe(scene, topic, partition, wanted, id)',
    replacement: 'isAcceptableLeader(scene, partition, id)',
    tests: ['test/cluster/late-opening.test.ts']
  },
  {
    what: 'where a log ends that was opened late is not said',
    file: 'src/broker/participation.ts',
    text: 'opened: replicas.openedLate(image())',
    replacement: 'opened: []',
    tests: ['test/cluster/late-opening.test.ts']
  },
  {
    what: 'who was cut leads as soon as another cannot open its log',
    file: 'src/controller/broker-changes.ts',
    text: "if (election === 'online' && undecidedReplicas(scene, topic, partition).includes(leader)) return []",
    replacement: '',
    tests: ['test/cluster/late-opening.test.ts']
  },
  {
    what: 'of several that may have lost something anybody leads',
    file: 'src/controller/replica-ends.ts',
    text: 'const [most] = present.sort(byWhatIsLeft)',
    replacement: 'const [most] = present',
    tests: ['test/controller/cluster.model.test.ts']
  },
  {
    what: 'after a stop that was not clean a log is believed that shows no loss',
    file: 'src/controller/replica-ends.ts',
    text: "const doubtful = known.filter(({ state }) => state !== 'whole')",
    replacement: "const doubtful = known.filter(({ state }) => state === 'cut')",
    tests: ['test/cluster/silent-losses.test.ts', 'test/controller/cluster.model.test.ts']
  },
  {
    what: 'logs are compared by their ends alone, whatever their last epochs are',
    file: 'src/controller/replica-ends.ts',
    text: 'return other.lastEpoch - one.lastEpoch || other.logEndOffset - one.logEndOffset',
    replacement: 'return other.logEndOffset - one.logEndOffset',
    tests: ['test/cluster/silent-losses.test.ts']
  },
  {
    what: 'who comes back and may have lost something stays eligible where others lead',
    file: 'src/controller/replica-ends.ts',
    text: 'idsOf(isAnyInSync ? doubtful : cut)',
    replacement: 'idsOf(cut)',
    tests: ['test/cluster/silent-losses.test.ts']
  },
  {
    what: 'a broker that breaks while it stops says that it has stopped cleanly',
    file: 'src/broker/data-directory.ts',
    text: 'if (this.#isReleased) return\n    this.disk',
    replacement: 'this.disk',
    tests: ['test/broker/broken-stop.test.ts']
  },
  {
    what: 'a log that is closed while it is cut is left half cut',
    file: 'src/log/partition-log.ts',
    text: 'if (this.#truncation.isUnderWay) await this.#truncation.ended()\n',
    replacement: '',
    tests: ['test/log/truncation.test.ts']
  },
  {
    what: 'a replica that was not told yet who leads says where the partition ends',
    file: 'src/broker/fetch-reading.ts',
    text: '(asksLeader || !replica.hasRole)',
    replacement: 'asksLeader',
    tests: ['test/cluster/apis-fetch.test.ts']
  }
]
