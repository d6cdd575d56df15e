/**
 * Requests in an order that a seed chooses, to ours and to a real Apache Kafka, a step at a time, as long as both answer alike. With
 * `--target kafka` it compares Apache Kafka with itself; `ODRADEK_SEEDS=1,2` chooses the seeds, six of which are taken otherwise.
 */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import type { BrokerProcess } from '../../harness/broker-process.ts'
import { startRealKafka } from '../../harness/real-kafka.ts'
import { startTarget, target } from '../../harness/target.ts'
import { kafkaJars, skipUnless } from '../../harness/tools.ts'
import { differences } from './normal-form.ts'
import { type Plain, Session } from './session.ts'

const askedSeeds = process.env.ODRADEK_SEEDS?.split(',').map(Number)
const sixSeeds = Array.from({ length: 6 }, (_, index) => index + 1)
const stepsOfASeed = 60

/** `OneSide` is what is known of one of the two brokers; `AllSteps` what the seed chooses from, for both. */
export interface Sequences<OneSide, AllSteps, OneStep> {
  readonly title: string
  /** Settings of both brokers. */
  readonly configs?: Readonly<Record<string, string>>
  /** Where these are taken, and not the first six. */
  readonly seeds?: readonly number[]
  /**
   * So often a seed may begin anew, with names of its own, when both have not answered alike: where Apache Kafka's answer hangs on its threads. A
   * difference of ours comes each time.
   */
  readonly mostAttempts?: number
  side(session: Session): OneSide
  steps(seed: number, attempt: number): AllSteps
  begin(side: OneSide, steps: AllSteps): Promise<void>
  next(steps: AllSteps): OneStep
  /** Asks, and tells the answer as it is compared. */
  take(step: OneStep, side: OneSide, steps: AllSteps): Promise<Plain>
  /** Both answered alike, and what follows is not compared any more. */
  isOver?(answer: Plain): boolean
  /** Of what was done before, and a difference may come from: what the test prints. */
  history(done: readonly OneStep[]): readonly string[]
}

export function describeSequences<OneSide, AllSteps, OneStep>(of: Sequences<OneSide, AllSteps, OneStep>): void {
  describe(of.title, { skip: skipUnless(target(), kafkaJars('broker')) }, () => {
    let brokers: BrokerProcess[] = []

    before(async () => {
      const { configs = {} } = of
      brokers = await Promise.all([startTarget({ configs }), startRealKafka({ configs })])
    })
    after(async () => {
      await Promise.all(brokers.map((broker) => broker.stop()))
    })

    for (const seed of askedSeeds ?? of.seeds ?? sixSeeds)
      test(`seed ${seed}`, async () => {
        const { mostAttempts = 1 } = of
        for (let attempt = 1; ; attempt += 1) {
          const sessions = brokers.map(({ bootstrap }) => new Session(bootstrap))
          try {
            return await compare(of, sessions, seed, attempt)
          } catch (error) {
            if (attempt === mostAttempts) throw error
          } finally {
            for (const session of sessions) session.close()
          }
        }
      })
  })
}

async function compare<OneSide, AllSteps, OneStep>(
  of: Sequences<OneSide, AllSteps, OneStep>,
  sessions: readonly Session[],
  seed: number,
  attempt: number
): Promise<void> {
  const sides = sessions.map((session) => of.side(session))
  const steps = of.steps(seed, attempt)
  await Promise.all(sides.map((side) => of.begin(side, steps)))
  const done: OneStep[] = []
  for (let count = 0; count < stepsOfASeed; count++) {
    const step = of.next(steps)
    done.push(step)
    const [ours = null, theirs = null] = await Promise.all(sides.map((side) => of.take(step, side, steps)))
    assert.deepEqual(differences(ours, theirs), [], of.history(done).slice(-25).join('\n'))
    if (of.isOver?.(ours) === true) return
  }
}

export async function until(isSo: () => Promise<boolean>): Promise<void> {
  for (let left = 6000; !(await isSo()); left -= 1) {
    assert.ok(left > 0, 'it does not come to that')
    await setTimeout(20)
  }
}
