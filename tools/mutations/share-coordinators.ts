/** Mistakes of share coordinators and of who asks them: a state that is lost, or asked for where it is not, a log that grows without end. */
import type { Mutation } from './list.ts'

const persister = ['test/broker/share-persister.test.ts']
const apis = ['test/broker/apis/share-states.test.ts']
const decisions = ['test/coordination/share-states/decisions.test.ts']
const cluster = ['test/cluster/share-states.test.ts']

export const shareCoordinatorMutations: readonly Mutation[] = [
  {
    what: 'a share coordinator that has moved is the answer',
    file: 'src/broker/share-persister.ts',
    text: 'reply === null || passing.has(reply.errorCode)',
    replacement: 'reply === null',
    tests: persister
  },
  {
    what: 'a message that is lost is a mistake',
    file: 'src/broker/share-persister.ts',
    text: 'if (error instanceof PeerUnreachable) return null',
    replacement: '',
    tests: cluster
  },
  {
    what: 'a share coordinator is asked for ever',
    file: 'src/broker/share-persister.ts',
    text: 'this.#isClosed || clock.monotonicMs() + pauseMs > question.untilMs',
    replacement: 'this.#isClosed',
    tests: persister
  },
  {
    what: 'share partitions outlive their topic',
    file: 'src/broker/share-coordinators.ts',
    text: 'coordinator.onTopicsDeleted()',
    replacement: 'void coordinator',
    tests: apis
  },
  {
    what: 'the log of share partitions keeps everything',
    file: 'src/coordination/share-states/share-coordinator.ts',
    text: 'if (!this.#isClosed) await deleteRecordsBefore(offset)',
    replacement: '',
    tests: [...apis, ...cluster]
  },
  {
    what: 'clients write share states',
    file: 'src/broker/apis/00-produce.ts',
    text: " || topic === '__share_group_state'",
    replacement: '',
    tests: apis
  },
  {
    what: 'of a partition that is named twice the first answer is given',
    file: 'src/broker/share-state-requests.ts',
    text: 'answers.set(partition, { ...told, partition })',
    replacement: 'answers.set(partition, answers.get(partition) ?? { ...told, partition })',
    tests: apis
  },
  {
    what: 'a snapshot leaves out what was written before',
    file: 'src/coordination/share-states/write.ts',
    text: 'mergeBatches(state.batches, request.stateBatches, startOffset)',
    replacement: 'mergeBatches([], request.stateBatches, startOffset)',
    tests: decisions
  },
  {
    what: 'a leader that was replaced goes on writing',
    file: 'src/coordination/share-states/objection.ts',
    text: 'if (leaderEpoch >= known.newestLeaderEpoch) return null',
    replacement: 'if (leaderEpoch >= 0) return null',
    tests: decisions
  },
  {
    what: 'a write of an earlier initialization is taken',
    file: 'src/coordination/share-states/objection.ts',
    text: 'if (known === undefined || stateEpoch >= known.newestStateEpoch) return null',
    replacement: 'if (known === undefined || stateEpoch >= 0) return null',
    tests: decisions
  }
]
