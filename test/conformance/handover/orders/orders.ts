/**
 * Odradek and Apache Kafka in turn on one directory, in orders of stays and kills made by a seed. In each stay clients write,
 * commit, create, grow, reconfigure, trim, delete and make topics again; in each next one every record, offset, configuration
 * and id must be there. Kafka makes snapshots of its metadata all the time, and compacts whatever it can.
 *
 * ODRADEK_ORDERS=N makes N orders in each of the two files that call this (10), ODRADEK_SEED=N begins with another seed: the name
 * of a failing one says which. Two files, because a Kafka's start takes seconds and a file has ten minutes.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { BrokerProcess } from '../../../harness/broker-process.ts'
import { odradek, startOdradek } from '../../../harness/odradek-process.ts'
import { temporaryDirectory } from '../../../harness/paths.ts'
import { startRealKafka } from '../../../harness/real-kafka.ts'
import { kafkaJars, skipUnless } from '../../../harness/tools.ts'
import { Client } from './client.ts'
import { Dice } from './dice.ts'
import { Model } from './model.ts'
import { doThisAndThat, lookAtDirectory, lookAtEverything, type Scene } from './stay.ts'

const ordersPerFile = Number(process.env.ODRADEK_ORDERS ?? 10)
const seedOfAll = Number(process.env.ODRADEK_SEED ?? 1)

/** Snapshots after each few records, in segments of a few; compaction without a pause; few partitions of its own topics. */
const restlessKafka: Readonly<Record<string, string>> = {
  'metadata.log.max.record.bytes.between.snapshots': '600',
  'internal.metadata.log.segment.bytes': '4096',
  'metadata.max.idle.interval.ms': '100',
  'log.cleaner.backoff.ms': '50',
  'log.cleaner.min.cleanable.ratio': '0.01',
  // The standard 128 MB leave too little of its heap for loading the coordinators.
  'log.cleaner.dedupe.buffer.size': '8388608',
  'transaction.state.log.num.partitions': '2',
  'offsets.topic.num.partitions': '2',
  'log.initial.task.delay.ms': '100'
}

interface Stay {
  readonly broker: Scene['broker']
  readonly end: Scene['end']
  readonly deeds: number
}

/** Whoever begins, ours comes back in the end, behind a Kafka, and once more: what it wrote behind one must be there too. */
function stays(dice: Dice): Stay[] {
  const either = () => dice.pick(['odradek', 'kafka'] as const)
  const between = dice.below(3) === 0 ? [either()] : []
  const brokers = [either(), ...between, 'kafka', 'odradek', 'odradek'] as const
  return brokers.map((broker) => ({ broker, end: dice.pick(['stop', 'kill']), deeds: 8 + dice.below(16) }))
}

/** The orders of one test file: the first of the two, or those behind them. */
export function testOrders(file: 0 | 1): void {
  const skip = skipUnless(odradek(), kafkaJars('broker'))
  for (let index = 0; index < ordersPerFile; index += 1) {
    const seed = seedOfAll + file * ordersPerFile + index
    const dice = new Dice(seed)
    const order = stays(dice)
    const inWords = order.map(({ broker, end }) => `${broker} (${end})`).join(', ')
    test(`seed ${seed}: ${inWords}`, { skip }, () => carryOutAll(order, seed, dice))
  }
}

async function carryOutAll(order: readonly Stay[], seed: number, dice: Dice): Promise<void> {
  using data = temporaryDirectory('orders')
  const model = new Model()
  for (const [index, stay] of order.entries()) {
    await carryOut(stay, { directory: data.path, model, dice }).catch((error: unknown) => {
      throw new Error(`stay ${index + 1} of seed ${seed}, ${stay.broker}: ${String(error)}`, { cause: error })
    })
  }
}

async function carryOut(
  stay: Stay,
  { directory, model, dice }: { readonly directory: string; readonly model: Model; readonly dice: Dice }
): Promise<void> {
  const broker = await startBroker(stay.broker, directory)
  try {
    const client = await Client.open(broker.bootstrap)
    const scene = { client, model, dice, broker: stay.broker, end: stay.end }
    await lookAtEverything(scene)
    await doThisAndThat(scene, stay.deeds)
    client.close()
    if (stay.end === 'stop') await broker.stop()
    else await broker.kill()
  } catch (error) {
    await broker.kill()
    throw new Error(`${String(error)}\n${broker.log()}`, { cause: error })
  }
  assert.equal(broker.isAlive, false)
  lookAtDirectory(directory, model)
}

function startBroker(kind: Scene['broker'], dataDirectory: string): Promise<BrokerProcess> {
  if (kind === 'odradek') return startOdradek({ dataDirectory, configs: { 'offsets.topic.num.partitions': '2' } })
  return startRealKafka({ dataDirectory, configs: restlessKafka, heap: '200m' })
}
