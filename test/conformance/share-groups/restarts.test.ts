/**
 * The same requests about share groups, to ours and to a real Apache Kafka, which both start anew in between, after a stop and after a kill: members
 * go on in their epochs, and what each was assigned, and how far the group is, is the same.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { BrokerProcess } from '../../harness/broker-process.ts'
import { temporaryDirectory } from '../../harness/paths.ts'
import { startRealKafka } from '../../harness/real-kafka.ts'
import { startTarget, target } from '../../harness/target.ts'
import { kafkaJars, skipUnless } from '../../harness/tools.ts'
import { differences } from '../differential/normal-form.ts'
import { Session } from '../differential/session.ts'
import { begin, loaded, take } from './beginning.ts'
import { Side, Steps } from './steps.ts'

const lives = 3
const seeds = [101, 102, 103]
const stepsOfALife = 15
const initializedMs = 700

test('share groups whose coordinators start anew', { skip: skipUnless(target(), kafkaJars('broker')) }, async () => {
  using ours = temporaryDirectory('ours')
  using theirs = temporaryDirectory('theirs')
  const all = seeds.map((seed) => new Sequence(seed))
  for (let life = 0; life < lives; life += 1) {
    const brokers = await Promise.all([
      startTarget({ dataDirectory: ours.path }),
      startRealKafka({ dataDirectory: theirs.path })
    ])
    try {
      await Promise.all(all.map((sequence) => sequence.live(brokers)))
    } finally {
      await Promise.all(brokers.map((broker) => (life % 2 === 0 ? broker.stop() : broker.kill())))
    }
  }
})

class Sequence {
  readonly #steps: Steps
  readonly #done: string[] = []
  #sides: readonly Side[] = []

  constructor(seed: number) {
    this.#steps = new Steps(seed)
  }

  async live(brokers: readonly BrokerProcess[]): Promise<void> {
    const before = this.#sides
    this.#sides = brokers.map(({ bootstrap }, index) => new Side(new Session(bootstrap), before[index]))
    const isFirst = before.length === 0
    await Promise.all(this.#sides.map((side) => (isFirst ? begin(side, this.#steps) : loaded(side, this.#steps))))
    for (let count = 0; count < stepsOfALife; count += 1) {
      const step = this.#steps.next()
      this.#done.push(step.what)
      const [own = null, other = null] = await Promise.all(this.#sides.map((side) => take(step, side, initializedMs)))
      assert.deepEqual(differences(own, other), [], this.#done.slice(-25).join('\n'))
    }
    this.#done.push('both start anew')
    for (const { session } of this.#sides) session.close()
  }
}
