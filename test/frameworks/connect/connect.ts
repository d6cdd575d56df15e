/**
 * Kafka Connect, distributed, with exactly-once sources (KIP-618): two workers copy a growing file to a topic, and they and the brokers are
 * killed in turn. A reader of what is committed must see each line once, in the order of the file.
 */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { temporaryDirectory } from '../../harness/paths.ts'
import { createByAsking } from '../../harness/raw-requests.ts'
import { target } from '../../harness/target.ts'
import { java, kafkaJars, kcat } from '../../harness/tools.ts'
import { RawConnection } from '../../harness/wire.ts'
import { Cluster, sessionTimeoutMs, sizes } from '../cluster.ts'
import { type Committed, committedIn, committedWhen } from '../committed.ts'
import type { Framework, Proof } from '../framework.ts'
import { faultIn, GrowingFile } from './growing-file.ts'
import { Worker } from './worker.ts'

const topic = 'copied'
const connector = 'copier'
const restart = `/connectors/${connector}/restart?includeTasks=true&onlyFailed=true`
const patienceMs = 300_000
const pauseMs = 500

export const connect: Framework = {
  name: 'connect',
  tools: () => [target(), java(), kafkaJars('connect'), kcat()],
  async prove(proof) {
    let lines = 0
    for (const size of sizes()) {
      const name = `${size} ${size === 1 ? 'broker' : 'brokers'}`
      lines += await copy({ ...proof, tell: (line) => proof.tell(`${name}: ${line}`) }, size)
    }
    return `each of ${lines} lines was copied exactly once, in order`
  }
}

/** Gives how many lines were copied. */
async function copy(proof: Proof, size: number): Promise<number> {
  await using cluster = await Cluster.start(size, { 'num.partitions': '1' })
  using directory = temporaryDirectory('connect')
  const { bootstrap } = cluster
  await createTopic(bootstrap)
  const path = join(directory.path, 'lines.txt')
  const file = new GrowingFile(path)
  const settings = settingsOf(bootstrap, size)
  const workers = [await Worker.make(1, directory.path, settings), await Worker.make(2, directory.path, settings)]
  let restarts = 0
  /** A worker that ended since no broker answered, and a task that failed since one died: whoever runs Connect starts them again. */
  const startFailed = async (): Promise<void> => {
    for (const worker of workers) {
      if (worker.end !== null) {
        proof.tell(`started again: ${worker.end}`)
        worker.start()
        restarts += 1
      }
      const status = JSON.stringify(await worker.ask('GET', `/connectors/${connector}/status`))
      if (!status.includes('"FAILED"')) continue
      proof.tell(`started again: ${status.slice(0, 2000)}`)
      restarts += 1
      await worker.ask('POST', restart)
    }
  }
  /** All that was written until now is copied. */
  const caughtUp = async (): Promise<number> => {
    const lines = file.written
    const what = () => `${lines} lines are copied\n${workers.map((worker) => worker.said()).join('\n')}`
    const isWanted = (records: readonly Committed[]) => records.length >= lines
    return (await committedWhen(bootstrap, topic, isWanted, what, startFailed)).length
  }
  try {
    for (const worker of workers) worker.start()
    await make(workers, path)
    proof.tell(`${await caughtUp()} lines copied`)
    for (let round = 0; round < proof.rounds; round += 1) {
      const worker = workers[round % workers.length] ?? assert.fail()
      await worker.kill()
      // Every other time the other goes on alone until it has caught up.
      if (round % 2 === 0) await caughtUp()
      worker.start()
      const died = await cluster.killAndStart()
      const copied = await caughtUp()
      proof.tell(`round ${round + 1}: killed ${worker.name} and ${died}; ${copied} lines copied`)
    }
    file.end()
    await caughtUp()
  } catch (error) {
    throw new Error(`${error}\n${cluster.log()}`, { cause: error })
  } finally {
    file.end()
    await Promise.all(workers.map((worker) => worker.stop()))
  }
  const records = (await committedIn(bootstrap, topic)) ?? assert.fail('the copied lines could not be read')
  assert.equal(
    faultIn(
      records.map(({ value }) => value),
      file.written
    ),
    null
  )
  if (restarts > 0) proof.tell(`a connector or task that had failed was started again ${restarts} times`)
  return records.length
}

async function createTopic(bootstrap: string): Promise<void> {
  const connection = await RawConnection.open(bootstrap.split(',')[0] ?? '')
  await createByAsking(connection, topic)
  connection.close()
}

/** Asks until a worker takes it: they are not there at once, nor is their leader. */
async function make(workers: readonly Worker[], file: string): Promise<void> {
  const config = {
    'connector.class': 'org.apache.kafka.connect.file.FileStreamSourceConnector',
    'tasks.max': '1',
    'exactly.once.support': 'required',
    // By an interval, what is read last stays open until there is more to read.
    'transaction.boundary': 'poll',
    file,
    topic
  }
  const deadlineMs = performance.now() + patienceMs
  for (;;) {
    for (const worker of workers) {
      if ((await worker.ask('PUT', `/connectors/${connector}/config`, config)) !== null) return
    }
    const said = workers.map((worker) => worker.said()).join('\n')
    if (performance.now() > deadlineMs) throw new Error(`no worker takes a connector\n${said}`)
    await new Promise((resolve) => setTimeout(resolve, pauseMs))
  }
}

function settingsOf(bootstrap: string, size: number): Record<string, string> {
  const converter = 'org.apache.kafka.connect.storage.StringConverter'
  const topics = ['config', 'offset', 'status'].flatMap((kind) => [
    [`${kind}.storage.topic`, `connect-${kind}`],
    [`${kind}.storage.replication.factor`, String(size)]
  ])
  return {
    'bootstrap.servers': bootstrap,
    'group.id': 'connect',
    'exactly.once.source.support': 'enabled',
    'key.converter': converter,
    'value.converter': converter,
    ...Object.fromEntries(topics),
    'offset.storage.partitions': '3',
    'status.storage.partitions': '1',
    'session.timeout.ms': String(sessionTimeoutMs),
    'heartbeat.interval.ms': '2000',
    // By default what a dead worker ran waits five minutes for it to come back.
    'scheduled.rebalance.max.delay.ms': '1000'
  }
}
