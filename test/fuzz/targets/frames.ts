/** Requests of every API and version, at a whole broker: an answer or a closed connection, and no mistake of ours. */

import assert from 'node:assert/strict'
import { setImmediate } from 'node:timers/promises'
import type { BrokerAnswer } from '../../../src/broker/answer.ts'
import { allApis } from '../../../src/broker/apis/all.ts'
import type { Broker } from '../../../src/broker/broker.ts'
import { SeededChance } from '../../../src/host/memory/chance.ts'
import { ManualClock } from '../../../src/host/memory/clock.ts'
import { MemoryDisk } from '../../../src/host/memory/disk.ts'
import { encodeRequest } from '../../../src/protocol/frame.ts'
import { apiCodecs } from '../../../src/protocol/generated/api/registry.ts'
import { ZERO_UUID } from '../../../src/protocol/primitives.ts'
import { network, session, startAlone } from '../../broker/apis/setup.ts'
import * as fc from '../../harness/properties.ts'
import { recordBatch } from '../../harness/record-batch.ts'
import { messageArbitrary, models, type PrimitiveArbitrary } from '../../protocol/arbitraries.ts'
import type { Target } from '../target.ts'

const topic = { name: 'here', partitions: 2, replicationFactor: 1, assignments: [], config: new Map<string, string>() }
const config = { 'auto.create.topics.enable': 'true', 'num.partitions': '2', 'offsets.topic.num.partitions': '2' }
const seedsPerVersion = 2
const batch = recordBatch(['a record'], { timestampMs: new ManualClock().nowMs() })

class FrameTarget implements Target {
  readonly name = 'frames'
  readonly share = 0.2
  #broker: Broker | null = null
  #clock = new ManualClock()
  #told: string[] = []
  #pending = new Set<Promise<void>>()
  #topicId = ZERO_UUID

  seeds(): Buffer[] {
    return [...allApis.values()].flatMap(({ key, versions: [lowest, highest] }) => {
      const codec = apiCodecs.find((one) => one.key === key)
      const model = models.find(({ facts }) => facts.type === 'request' && facts.apiKey === key)
      assert.ok(codec !== undefined && model !== undefined)
      return Array.from({ length: highest - lowest + 1 }, (_, index) => lowest + index).flatMap((version) => {
        const bodies = messageArbitrary(model, version, likely(this.#topicId))
        return fc
          .sample(bodies, { seed: version, numRuns: seedsPerVersion })
          .map((body) => Buffer.concat(encodeRequest(7, 'client', codec.request, version, body)).subarray(4))
      })
    })
  }

  async reset(): Promise<void> {
    if (this.#broker !== null) await this.#stop(this.#broker)
    this.#told = []
    this.#clock = new ManualClock()
    const host = { disk: new MemoryDisk(), clock: this.#clock, network, chance: new SeededChance(1) }
    const log = (line: string): void => void this.#told.push(line)
    this.#broker = await startAlone({ host, durability: 'disk', config, advertised: null, log })
    const [made] = await this.#broker.controller.ask((controller) => controller.createTopics([topic]))
    assert.ok(made !== undefined && 'id' in made)
    this.#topicId = made.id
  }

  /** Whatever waits is answered when the broker stops. */
  async #stop(broker: Broker): Promise<void> {
    this.#broker = null
    const stopped = broker.stop()
    while (this.#pending.size > 0) await Promise.race([...this.#pending, setImmediate()])
    await stopped
    this.#assertNoMistake()
  }

  async run(input: Buffer): Promise<void> {
    assert.ok(this.#broker !== null)
    const answer = this.#broker.answer(session, Buffer.from(input))
    if (answer instanceof Promise) this.#wait(answer)
    else assertSound(answer)
    await setImmediate()
    this.#clock.advance(100)
    this.#assertNoMistake()
  }

  #wait(answer: Promise<BrokerAnswer>): void {
    const settled = answer
      .then(assertSound)
      .catch((error: unknown) => void this.#told.push(`mistake of the broker: ${error}`))
    const pending = settled.finally(() => this.#pending.delete(pending))
    this.#pending.add(pending)
  }

  #assertNoMistake(): void {
    const mistake = this.#told.find((line) => line.includes('mistake of the broker'))
    assert.ok(mistake === undefined, mistake)
  }
}

function assertSound(answer: BrokerAnswer): void {
  if (answer.kind !== 'answer') return
  const frame = Buffer.concat(answer.chunks)
  assert.equal(frame.readInt32BE(0), frame.length - 4, 'a frame has the size that it says')
}

/** What makes a request go on beyond its first check. */
function likely(topicId: string): PrimitiveArbitrary {
  return ({ primitive, int64 }) => {
    switch (primitive) {
      case 'bool':
        return fc.boolean()
      case 'string':
        return fc.constantFrom('here', 'group', 'member', '', 'retention.ms', '1', 'range', '__consumer_offsets')
      case 'uuid':
        return fc.constantFrom(topicId, ZERO_UUID)
      case 'bytes':
        return fc.constantFrom(Buffer.alloc(0), Buffer.from([0, 1, 0, 0, 0, 1, 0, 4, 104, 101, 114, 101, 0, 0, 0, 0]))
      case 'records':
        return fc.constantFrom(batch)
      case 'int64':
        return int64 === 'bigint' ? fc.constant(0n) : fc.constantFrom(-1, 0, 1, 1000)
      case 'uint16':
      case 'uint32':
        return fc.constantFrom(0, 1, 9092)
      default:
        return fc.constantFrom(-1, 0, 0, 1, 2, 100)
    }
  }
}

export const frames: Target = new FrameTarget()
