/** Mistakes in what coordinators do of themselves: ends that are under way, rounds that come again, answers that wait, what a start takes up. */
import type { Mutation } from './list.ts'

const transactions = 'src/coordination/transactions'
const transactionTests = 'test/coordination/transactions'
const completions = {
  file: `${transactions}/completions.ts`,
  tests: [`${transactionTests}/completions.test.ts`]
}
const coordinator = `${transactions}/transaction-coordinator.ts`
const decisions = [`${transactionTests}/decisions.test.ts`]
const endings = [`${transactionTests}/endings.test.ts`]
const safeAnswers = [`${transactionTests}/safe-answers.test.ts`]
const timeouts = [`${transactionTests}/timeouts.test.ts`]

const groups = 'src/coordination/groups'
const groupTests = 'test/coordination/groups'
const afterAStart = [`${groupTests}/after-a-start.test.ts`]
const deletedTopics = [`${groupTests}/offsets/deleted-topics.test.ts`]
const groupRecords = [`${groupTests}/records.test.ts`]
const consumerReplay = {
  file: `${groups}/consumer/replay.ts`,
  tests: [`${groupTests}/consumer/replay.test.ts`]
}

const interval = { file: `${groups}/heartbeat-interval.ts`, tests: [`${groupTests}/heartbeat-interval.test.ts`] }
const silentMembers = [`${groupTests}/consumer/silent-members.test.ts`]
const stateTopics = ['test/coordination/config/state-topics.test.ts']
const createTopics = {
  file: 'src/coordination/metadata/create-topics.ts',
  tests: ['test/coordination/metadata/create-topics.test.ts']
}

export const coordinationMutations: readonly Mutation[] = [
  {
    ...interval,
    what: 'members are told to come back sooner whatever somebody has chosen',
    text: 'if (isHeartbeatIntervalChosen) return usualMs',
    replacement: ''
  },
  {
    ...interval,
    what: 'the members of a group that cannot settle come back at the short interval for ever',
    text: '(usualMs * quietMs) / limits.groupSettlesMs',
    replacement: '0'
  },
  {
    ...interval,
    what: 'members of a large group that settles come back as soon as those of a small one',
    text: '(unrest.members * 1000) / limits.settlingHeartbeatsPerSecond',
    replacement: '0'
  },
  {
    what: 'the members of groups that came to rest long ago count as unsettled',
    file: `${groups}/unsettled-groups.ts`,
    text: 'if (nowMs - changedAtMs < limits.groupSettlesMs) return',
    replacement: 'return',
    tests: [`${groupTests}/unsettled-groups.test.ts`]
  },
  {
    ...completions,
    what: 'markers are written before the decision is safe',
    text: 'else if (await this.#of.safe())',
    replacement: 'else if ((await null) === null)'
  },
  {
    ...completions,
    what: 'a coordinator that another has taken the place of goes on with its markers',
    text: "if (rest === 'fenced') return 'given up'",
    replacement: "if (rest === 'fenced') continue"
  },
  {
    ...completions,
    what: 'an end that is decided in the moment in which the one before is done is forgotten',
    text: 'this.#of.ending(transactionalId) !== null) this.begin(transactionalId)',
    replacement: 'this.#of.ending(transactionalId) !== null) this.#end(transactionalId)'
  },
  {
    ...completions,
    what: 'partitions that have no marker yet are asked without a pause',
    text: '      await this.#pause()\n',
    replacement: ''
  },
  {
    ...completions,
    what: 'every partition gets its marker again because one took none',
    text: 'left ?? ending.partitions)',
    replacement: 'ending.partitions)'
  },
  {
    ...completions,
    what: 'a mistake in one end keeps the place of those that wait',
    text: "          this.#ran(transactionalId, 'given up')\n",
    replacement: ''
  },
  {
    ...completions,
    what: 'as many transactions end at a time as there are',
    text: 'this.#runningCount < limits.endingTransactions',
    replacement: 'this.#runningCount < Infinity'
  },
  {
    ...completions,
    what: 'who waits for an end is not told when the coordinator closes',
    text: 'for (const transactionalId of [...this.#running.keys()]) this.#end(transactionalId)',
    replacement: ''
  },
  {
    ...completions,
    what: 'who waits for an end is not told of it',
    text: 'for (const tell of waiting) tell()',
    replacement: ''
  },
  {
    what: 'who begins a transaction while the one before is ending does not wait',
    file: coordinator,
    text: 'await this.#completions.ended(transactionalId, limits.transactionEndWaitMs)',
    replacement: '',
    tests: completions.tests
  },
  {
    what: 'a write is let in on a state that a power cut could take back',
    file: coordinator,
    text: 'const errorCode = await this.#settledAs()\n    return errorCode === ErrorCode.NONE ? verified : refused(errorCode)',
    replacement: 'return verified',
    tests: safeAnswers
  },
  {
    what: 'what a transaction is is told before it is safe',
    file: coordinator,
    text: 'const errorCode = await this.#settledAs()\n    return errorCode === ErrorCode.NONE ? answer : undescribed(transactionalId, errorCode)',
    replacement: 'return answer',
    tests: safeAnswers
  },
  {
    what: 'a sync that takes long counts as lost',
    file: coordinator,
    text: 'return ErrorCode.COORDINATOR_NOT_AVAILABLE',
    replacement: 'return ErrorCode.NOT_COORDINATOR',
    tests: safeAnswers
  },
  {
    what: 'a coordinator whose sync failed answers from what it knows',
    file: coordinator,
    text: 'return this.#isClosed ? ErrorCode.NOT_COORDINATOR : ErrorCode.NONE',
    replacement: 'return ErrorCode.NONE',
    tests: safeAnswers
  },
  {
    what: 'the first producer id that is asked for is taken, whoever has the transactional id by then',
    file: coordinator,
    text: 'decideWith(this.#state.byId.get(transactionalId), clock.nowMs(), given)',
    replacement: 'decideWith(given === null ? this.#state.byId.get(transactionalId) : undefined, clock.nowMs(), given)',
    tests: safeAnswers
  },
  {
    what: 'transactions that run out of time are aborted in the first round alone',
    file: coordinator,
    text: 'if (!this.#isClosed) wind()',
    replacement: '',
    tests: timeouts
  },
  {
    what: 'a full disk ends what a coordinator does of itself',
    file: coordinator,
    text: 'if (error instanceof DiskError) return false\n      throw error',
    replacement: 'throw error',
    tests: timeouts
  },
  {
    what: 'what the disk did not take counts as taken: the round goes on as if it had',
    file: coordinator,
    text: 'if (error instanceof DiskError) return false\n      throw error',
    replacement: 'return true',
    tests: completions.tests
  },
  {
    what: 'a producer that was fenced because it took too long cannot go on',
    file: coordinator,
    text: 'if (lastProducerEpoch !== null) this.#lastProducerEpochs.set(transactionalId, lastProducerEpoch)',
    replacement: '',
    tests: timeouts
  },
  {
    what: 'a producer that comes with another timeout keeps the one before',
    file: `${transactions}/init-producer-id.ts`,
    text: '...emptied(timeoutMs, nowMs) }\n  const isCurrent',
    replacement: '...emptied(known.timeoutMs, nowMs) }\n  const isCurrent',
    tests: decisions
  },
  {
    what: 'the partitions of a transaction that has ended are those of the next one as well',
    file: `${transactions}/end-transaction.ts`,
    text: '    partitions: noPartitions,\n',
    replacement: '',
    tests: endings
  },
  {
    what: 'a transaction that is aborted before it began has run since 1970',
    file: `${transactions}/end-transaction.ts`,
    text: "known.state === 'Ongoing' ? known.startMs : nowMs",
    replacement: 'known.startMs',
    tests: endings
  },
  {
    what: 'a producer of before that missed its answer is not known after a start',
    file: `${transactions}/records.ts`,
    text: 'previousProducerId: transaction.previousProducerId',
    replacement: 'previousProducerId: transaction.producerId',
    tests: decisions
  },
  {
    what: 'of a topic that a record names twice the last partitions count',
    file: `${transactions}/records.ts`,
    text: 'new Set([...(partitions.get(topic) ?? []), ...partitionIds])',
    replacement: 'new Set(partitionIds)',
    tests: decisions
  },
  {
    what: 'members that a start finds in the log have no session: who is gone keeps its partitions for ever',
    file: `${groups}/classic/rounds.ts`,
    text: 'for (const { memberId, sessionTimeoutMs } of round.members.values()) {\n      this.#watch(groupId, running, memberId, sessionTimeoutMs)\n    }',
    replacement: '',
    tests: afterAStart
  },
  {
    what: 'a static member is a stranger after a start',
    file: `${groups}/classic/waiting.ts`,
    text: 'if (member.groupInstanceId !== null) round.staticMembers.set(member.groupInstanceId, member.memberId)',
    replacement: '',
    tests: afterAStart
  },
  {
    what: 'after a start a group reads every topic: none of its offsets expires',
    file: `${groups}/classic/waiting.ts`,
    text: '  round.subscribedTopics = subscribedTopicsOf(round)\n',
    replacement: '',
    tests: afterAStart
  },
  {
    what: 'offsets of a topic that was deleted while nobody looked are those of the next one of its name',
    file: `${groups}/group-coordinator.ts`,
    text: '    this.#forgetMissingTopics()\n',
    replacement: '',
    tests: deletedTopics
  },
  {
    what: 'offsets in open transactions are those of the next topic of the name',
    file: `${groups}/offsets/delete.ts`,
    text: 'union(committed?.keys() ?? [], pending?.keys() ?? [])',
    replacement: 'new Set(committed?.keys() ?? [])',
    tests: deletedTopics
  },
  {
    what: 'a topic that was made anew is told by its name alone',
    file: `${groups}/offsets/delete.ts`,
    text: 'idNow !== undefined && (topicId === idNow || topicId === ZERO_UUID)',
    replacement: 'idNow !== undefined',
    tests: deletedTopics
  },
  {
    what: 'offsets of before the ids of topics were told are lost with a start',
    file: `${groups}/offsets/delete.ts`,
    text: '(topicId === idNow || topicId === ZERO_UUID)',
    replacement: 'topicId === idNow',
    tests: deletedTopics
  },
  {
    what: 'where the disk refused while a topic was deleted, the offsets of the next one go with those of the last',
    file: `${groups}/group-coordinator.ts`,
    text: '      // The name may be that of another topic by then, for which offsets were committed.\n      () => this.#dropOffsets(isThereNow(this.#options.topics))',
    replacement: '      () => this.#dropOffsets((topic) => !deleted.has(topic))',
    tests: deletedTopics
  },
  {
    what: 'a group expires while offsets of it are in an open transaction',
    file: `${groups}/offsets/expire.ts`,
    text: 'let areAllExpired = pending === undefined',
    replacement: 'let areAllExpired = true',
    tests: [`${groupTests}/offsets/offsets.test.ts`]
  },
  {
    what: 'offsets of the first days of Kafka are passed over',
    file: `${groups}/records.ts`,
    text: ' || type === LegacyOffsetCommitKey.apiKey',
    replacement: '',
    tests: groupRecords
  },
  {
    what: 'members of groups of before Kafka 0.10.1 have no time for a rebalance',
    file: `${groups}/classic/replay.ts`,
    text: 'rebalanceTimeout === -1 ? sessionTimeout : rebalanceTimeout',
    replacement: 'rebalanceTimeout',
    tests: groupRecords
  },
  {
    ...consumerReplay,
    what: 'the target of a member that is gone stays',
    text: 'if (record.value === null) group.removeTarget(record.memberId)',
    replacement: 'if (record.value === null) return'
  },
  {
    ...consumerReplay,
    what: 'the partitions of a member that is gone stay taken',
    text: 'previousEpoch: goneEpoch, ...nothing })',
    replacement: 'previousEpoch: goneEpoch })'
  },
  {
    ...consumerReplay,
    what: 'since when a member has its partitions is forgotten',
    text: 'new Map(partitions.map((partition, index) => [partition, assignmentEpochs[index] ?? sinceNow]))',
    replacement: 'epochsOf(partitions, sinceNow)'
  },
  {
    ...consumerReplay,
    what: 'partition metadata of before Kafka 4.1 stays for ever',
    text: 'group.hasPartitionMetadata = record.isThere',
    replacement: 'group.hasPartitionMetadata = false'
  },
  {
    what: 'what is known of transactional ids is deleted with time',
    file: 'src/coordination/config/broker-config.ts',
    text: "        'cleanup.policy': 'compact',\n        'compression.type': 'uncompressed',",
    replacement: "        'compression.type': 'uncompressed',",
    tests: stateTopics
  },
  {
    what: 'what is known of groups is deleted with time',
    file: 'src/coordination/config/broker-config.ts',
    text: "        'cleanup.policy': 'compact',\n        'compression.type': 'producer',",
    replacement: "        'compression.type': 'producer',",
    tests: stateTopics
  },
  {
    what: 'a replica that lacks decided transactions may lead them',
    file: 'src/coordination/config/broker-config.ts',
    text: "        'unclean.leader.election.enable': 'false'\n",
    replacement: '',
    tests: stateTopics
  },
  {
    what: 'what is known of share partitions is deleted after a week',
    file: 'src/coordination/config/share-config.ts',
    text: "      'retention.ms': '-1',\n",
    replacement: '',
    tests: stateTopics
  },
  {
    ...createTopics,
    what: 'a topic grows beyond what one may have',
    text: 'objectionToGrowth(present, wanted) ?? objectionToCount(image, present, wanted.count - present)',
    replacement: 'objectionToGrowth(present, wanted)'
  },
  {
    ...createTopics,
    what: 'of a topic that grows only what is new is counted',
    text: 'objectionToCount(image, present, wanted.count - present)',
    replacement: 'objectionToCount(image, 0, wanted.count - present)'
  },
  {
    ...createTopics,
    what: 'a broker has more partitions than it may',
    text: ' && image.partitionCount + more <= partitions',
    replacement: ''
  },
  {
    what: 'members of consumer groups that a start finds in the log have no session',
    file: `${groups}/consumer/consumer-groups.ts`,
    text: "      this.#timers.change(group.groupId, { memberId, kind: 'session', delayMs: sessionTimeoutMs })\n      if",
    replacement: '      if',
    tests: silentMembers
  },
  {
    what: 'after a start a member has all time to give up what it has to',
    file: `${groups}/consumer/consumer-groups.ts`,
    text: "      this.#timers.change(group.groupId, { memberId, kind: 'rebalance', delayMs: rebalanceTimeoutMs })\n",
    replacement: '',
    tests: silentMembers
  },
  {
    what: 'members of the classic protocol have no session in a group that has become one of the consumer protocol',
    file: `${groups}/consumer/consumer-groups.ts`,
    text: "      this.#timers.change(groupId, { memberId, kind: 'session', delayMs: classic.sessionTimeoutMs })\n",
    replacement: '',
    tests: silentMembers
  },
  {
    what: 'a static member that is away for a while is taken out because it gives nothing up',
    file: `${groups}/consumer/consumer-groups.ts`,
    text: "    if (kind === 'rebalance' && member.epoch === awayEpoch) return\n",
    replacement: '',
    tests: silentMembers
  },
  {
    what: 'a member whose session ends while the disk is full stays for ever',
    file: `${groups}/consumer/member-timers.ts`,
    text: '() => this.change(groupId, again),',
    replacement: '() => void again,',
    tests: silentMembers
  }
]
