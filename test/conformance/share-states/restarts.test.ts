/**
 * The same requests to share coordinators, ours and a real Apache Kafka's, which start anew in between, after a stop and after a kill: what each
 * remembers, and whom it fences, is the same.
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
import { begin, configs } from './beginning.ts'
import { Side, type Step, Steps } from './steps.ts'

const lives = 4
const seeds = [1, 2, 3, 4, 5]
const stepsOfALife = 30

test('share coordinators that start anew', { skip: skipUnless(target(), kafkaJars('broker')) }, async () => {
  using ours = temporaryDirectory('ours')
  using theirs = temporaryDirectory('theirs')
  const start = () =>
    Promise.all([
      startTarget({ dataDirectory: ours.path, configs }),
      startRealKafka({ dataDirectory: theirs.path, configs })
    ])
  const all = seeds.map((seed) => new Steps(seed))
  const done: Step[] = []
  for (let life = 0; life < lives; life += 1) {
    const brokers = await start()
    try {
      for (const steps of all) await compare(brokers, steps, done)
    } finally {
      await Promise.all(brokers.map((broker) => (life % 2 === 0 ? broker.stop() : broker.kill())))
    }
  }
})

async function compare(brokers: readonly BrokerProcess[], steps: Steps, done: Step[]): Promise<void> {
  const sides = brokers.map(({ bootstrap }) => new Side(new Session(bootstrap)))
  await Promise.all(sides.map((side) => begin(side, steps)))
  for (let count = 0; count < stepsOfALife; count += 1) {
    const step = steps.next()
    done.push(step)
    const take = async (side: Side) => side.told(await side.session.ask(step.api, step.version, step.request(side)))
    const [own = null, other = null] = await Promise.all(sides.map(take))
    const before = done.filter(({ what }) => steps.groups.some((group) => what.includes(group))).map(({ what }) => what)
    assert.deepEqual(differences(own, other), [], before.slice(-25).join('\n'))
  }
  for (const side of sides) side.session.close()
}
