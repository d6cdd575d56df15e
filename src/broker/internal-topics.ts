/**
 * Makes the internal topics of streams groups at the controller, as any CreateTopics would (KIP-1071; Kafka:
 * DefaultAutoTopicCreationManager.createStreamsInternalTopics). What it refuses is told to the members of the group at their next heartbeats,
 * each of which tries again.
 */

import type { InternalTopics } from '../coordination/groups/streams/streams-groups.ts'
import type { InternalTopic } from '../coordination/groups/streams/topology/configure.ts'
import type { Clock } from '../host/clock.ts'
import { DiskError } from '../host/disk.ts'
import { unattended } from '../host/unattended.ts'
import { limits } from '../limits.ts'
import { ErrorCode } from '../protocol/error-codes.ts'
import type { ControllerLine } from './controller-line.ts'
import { PeerUnreachable } from './peer.ts'

/** As many copies as the cluster's own setting says. */
const defaultReplicationFactor = -1

export class StreamsTopics implements InternalTopics {
  readonly #controller: ControllerLine
  readonly #clock: Clock
  readonly #underway = new Set<string>()
  readonly #errors = new Map<string, string>()

  constructor(controller: ControllerLine, clock: Clock) {
    this.#controller = controller
    this.#clock = clock
  }

  get errors(): ReadonlyMap<string, string> {
    return this.#errors
  }

  make(topics: readonly InternalTopic[]): void {
    const wanted = topics.filter(({ name }) => !this.#underway.has(name))
    if (wanted.length === 0) return
    for (const { name } of wanted) this.#underway.add(name)
    unattended(this.#clock, this.#make(wanted))
  }

  async #make(topics: readonly InternalTopic[]): Promise<void> {
    try {
      const results = await this.#controller.ask((controller) => controller.createTopics(topics.map(newTopic)))
      for (const [index, { name }] of topics.entries()) this.#note(name, results[index])
    } catch (error) {
      // Nobody knows whether they were made: the next heartbeat sees.
      if (!(error instanceof PeerUnreachable || error instanceof DiskError)) throw error
    } finally {
      for (const { name } of topics) this.#underway.delete(name)
    }
  }

  /** Somebody else may have made it meanwhile. */
  #note(name: string, result: object | undefined): void {
    this.#errors.delete(name)
    const failure = result !== undefined && 'message' in result && 'error' in result ? result : null
    if (failure === null || failure.error === ErrorCode.TOPIC_ALREADY_EXISTS) return
    const oldest = this.#errors.keys().next()
    if (this.#errors.size >= limits.streamsTopicErrors && !oldest.done) this.#errors.delete(oldest.value)
    this.#errors.set(name, String(failure.message))
  }
}

function newTopic({ name, partitions, replicationFactor, topicConfigs }: InternalTopic) {
  const config = new Map(topicConfigs.map(({ key, value }): [string, string] => [key, value]))
  return { name, partitions, replicationFactor: replicationFactor || defaultReplicationFactor, assignments: [], config }
}
