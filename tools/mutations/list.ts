/**
 * Mistakes that somebody could make, one line each, and the tests that must notice: what stands between an acknowledgement
 * and its loss is held by a test, or it is held by nothing. `npm run mutations` makes each in a copy of the project.
 */
import { brokerMutations } from './broker.ts'
import { clusterApiMutations } from './cluster-apis.ts'
import { compactionMutations } from './compaction.ts'
import { controllerMutations } from './controller.ts'
import { coordinationMutations } from './coordination.ts'
import { failingBrokerMutations } from './failing-brokers.ts'
import { followerMutations } from './follower.ts'
import { handleMutations } from './handles.ts'
import { inspectionMutations } from './inspection.ts'
import { logMutations } from './log.ts'
import { metadataMutations } from './metadata.ts'
import { replicationMutations } from './replication.ts'
import { serverMutations } from './server.ts'
import { shareCoordinatorMutations } from './share-coordinators.ts'
import { shareGroupMutations } from './share-groups.ts'
import { startMutations } from './starts.ts'
import { streamsGroupMutations } from './streams-groups.ts'
import { transactionMutations } from './transactions.ts'

export interface Mutation {
  /** What the mistake comes to. */
  readonly what: string
  readonly file: string
  /** Stands once in the file. */
  readonly text: string
  readonly replacement: string
  /** At least one of their tests fails. */
  readonly tests: readonly string[]
}

const offline = ['test/broker/offline.test.ts']
const groups = ['test/coordination/groups/offsets/offsets.test.ts']

export const mutations: readonly Mutation[] = [
  ...failingBrokerMutations,
  ...followerMutations,
  ...handleMutations,
  ...clusterApiMutations,
  ...compactionMutations,
  ...transactionMutations,
  ...coordinationMutations,
  ...shareCoordinatorMutations,
  ...shareGroupMutations,
  ...logMutations,
  ...metadataMutations,
  ...controllerMutations,
  ...replicationMutations,
  ...serverMutations,
  ...startMutations,
  {
    what: 'a coordinator goes on with a state that is not what its log says',
    file: 'src/coordination/coordinator.ts',
    text: '      this.#fail(error)\n      const stops',
    replacement: '      const stops',
    tests: ['test/coordination/coordinator.test.ts']
  },
  {
    what: 'an offset of a transaction that ends late takes the place of a later one',
    file: 'src/coordination/groups/offsets/replay.ts',
    text: 'state.pendingOffsets.overtake(place, recordOffset)',
    replacement: '',
    tests: ['test/coordination/groups/offsets/commit-within.test.ts']
  },
  {
    what: 'a coordinator answers before its records are safe',
    file: 'src/coordination/coordinator.ts',
    text: 'await this.#log.durable(this.#log.logEndOffset)',
    replacement: '',
    tests: ['test/coordination/groups/group-coordinator.test.ts', 'test/controller/controller.test.ts']
  },
  {
    what: 'a member of an old generation commits offsets',
    file: 'src/coordination/groups/classic/classic-group.ts',
    text: 'if (generation !== round.generation) return',
    replacement: 'if (generation > round.generation) return',
    tests: groups
  },
  {
    what: 'a member of an old generation goes on as if nothing had happened',
    file: 'src/coordination/groups/classic/heartbeat.ts',
    text: 'if (request.generationId !== round.generation) return',
    replacement: 'if (request.generationId > round.generation) return',
    tests: groups
  },
  {
    what: 'who asks for its assignment later is given that of another member',
    file: 'src/coordination/groups/classic/sync.ts',
    text: 'assignment: metadata?.members.get(memberId)?.assignment ?? nothing',
    replacement: 'assignment: [...(metadata?.members.values() ?? [])][0]?.assignment ?? nothing',
    tests: ['test/coordination/groups/group-coordinator.model.test.ts']
  },
  {
    what: 'who takes over a group begins its generations anew',
    file: 'src/coordination/groups/classic/waiting.ts',
    text: '...{ generation, protocolType, protocol, leader, stateTimestampMs }',
    replacement: '...{ generation: generation * 0, protocolType, protocol, leader, stateTimestampMs }',
    tests: ['test/coordination/groups/group-coordinator.test.ts']
  },
  {
    what: 'metadata of an offset as long as allowed is refused',
    file: 'src/coordination/groups/offsets/commit.ts',
    text: 'metadata.length > config.offsetMetadataMaxSizeBytes',
    replacement: 'metadata.length >= config.offsetMetadataMaxSizeBytes',
    tests: groups
  },
  {
    what: 'a topic is told of before it is safe that there is one',
    file: 'src/controller/publication.ts',
    text: '.then(() => safe)',
    replacement: '',
    tests: ['test/controller/controller.test.ts']
  },
  {
    what: 'a name is taken while the directories of the topic before are there',
    file: 'src/controller/controller.ts',
    text: 'return this.#grow(wanted, this.#namesFree(topics))',
    replacement: 'return this.#grow(wanted, () => null)',
    tests: ['test/controller/controller.test.ts']
  },
  {
    what: 'the coordinator of a partition that is offline goes on',
    file: 'src/coordination/coordinators.ts',
    text: 'term.loaded?.close()',
    replacement: '',
    tests: offline
  },
  {
    what: 'what came due in a group while the disk refused is not tried again',
    file: 'src/coordination/groups/decisions.ts',
    text: 'this.attempt(later, decideNow)',
    replacement: 'this.attempt(() => void later, decideNow)',
    tests: ['test/coordination/groups/group-coordinator.test.ts']
  },
  {
    what: 'the rest of what the system wrote in pieces is written from its beginning',
    file: 'src/host/node/disk.ts',
    text: '[partial.subarray(written), ...rest.slice(index + 1)]',
    replacement: '[partial, ...rest.slice(index + 1)]',
    tests: ['test/host/disk.test.ts']
  },
  {
    what: 'a piece that the system reads is taken for the whole',
    file: 'src/host/node/disk.ts',
    text: 'filled += read',
    replacement: 'filled = read < 0 ? filled : wanted',
    tests: ['test/host/disk.test.ts']
  },
  {
    what: 'what a broken pipe did not take counts as printed',
    file: 'src/cli/consume/run.ts',
    text: "=== 'written' ? taken : 0",
    replacement: "=== 'written' ? taken : taken",
    tests: ['test/cli/consume/unprinted.test.ts']
  },
  {
    what: 'a commit that was not taken counts as committed',
    file: 'src/cli/consume/commits.ts',
    text: '      return undefined\n    } catch (error) {\n      return error',
    replacement: '      return undefined\n    } catch (error) {\n      this.#due.clear()\n      return error',
    tests: ['test/cli/consume/commits.test.ts']
  },
  {
    what: 'a broker that did not answer is asked first again',
    file: 'src/cli/known-brokers.ts',
    text: '[...[...this.#known].filter(([one]) => one !== name), [name, broker]]',
    replacement: '[[name, broker], ...this.#known]',
    tests: ['test/cli/known-brokers.test.ts']
  },
  {
    what: 'of one broker whose place another has taken it is said that it is back',
    file: 'src/cli/outage.ts',
    text: "return this.#brokers.count === 1 ? 'the broker is back' : undefined",
    replacement: "return 'the broker is back'",
    tests: ['test/cli/outage.test.ts']
  },
  ...brokerMutations,
  ...inspectionMutations,
  ...streamsGroupMutations
]
