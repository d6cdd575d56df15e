/**
 * A schema registry keeps its schemas in a compacted topic, which is compacted while it and the brokers are killed in turn. After each
 * return it must know every schema that it has acknowledged, by its id and by its subject and version, the settings that were set last,
 * and nothing that was deleted.
 *
 * The registry is Registry.java, or another that ODRADEK_REGISTRY names: a command that is given BOOTSTRAP PORT REPLICAS.
 */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { freePort } from '../../harness/free-port.ts'
import { temporaryDirectory } from '../../harness/paths.ts'
import { target } from '../../harness/target.ts'
import { java, kafkaJars, kcat } from '../../harness/tools.ts'
import { Cluster, sizes } from '../cluster.ts'
import type { Framework, Proof } from '../framework.ts'
import { compile, JavaProcess } from '../java-process.ts'
import { compactSoon, supersededIn } from './compaction.ts'
import { Ledger } from './ledger.ts'
import { Service } from './service.ts'

const topic = '_schemas'
const compactionPatienceMs = 300_000
/** Of superseded records, in what is not compacted yet: the newest segment, and what was written meanwhile. */
const leftOver = 5

export const registry: Framework = {
  name: 'registry',
  tools: () => [target(), java(), kafkaJars('connect'), kcat()],
  async prove(proof) {
    using scratch = temporaryDirectory('registry')
    await compile(join(import.meta.dirname, 'Registry.java'), 'connect', scratch.path)
    let schemas = 0
    for (const size of sizes()) {
      const name = `${size} ${size === 1 ? 'broker' : 'brokers'}`
      schemas += await keep({ ...proof, tell: (line) => proof.tell(`${name}: ${line}`) }, size, scratch.path)
    }
    return `all of ${schemas} schemas are there after every compaction and return`
  }
}

/** Gives how many schemas there were. */
async function keep(proof: Proof, size: number, classes: string): Promise<number> {
  await using cluster = await Cluster.start(size, { 'log.cleaner.backoff.ms': '500', 'num.partitions': '1' })
  const port = await freePort()
  const server = process(classes, [cluster.bootstrap, String(port), String(size)])
  const ledger = new Ledger(new Service(port, () => server.end))
  server.start()
  try {
    await ledger.write()
    await compactSoon(cluster.bootstrap, topic)
    proof.tell(`${ledger.schemas} schemas registered`)
    for (let round = 0; round < proof.rounds; round += 1) {
      const [died] = await Promise.all([kill(server, cluster, round), ledger.write()])
      const taken = await compacted(cluster.bootstrap, ledger)
      await ledger.assertKept()
      proof.tell(`round ${round + 1}: killed ${died}; ${ledger.schemas} schemas kept, ${taken}`)
    }
    // From nothing but what compaction has left. Who answers a write has read it to its end; Karapace answers other questions before.
    await server.kill()
    server.start()
    await ledger.touch()
    await ledger.assertKept()
  } catch (error) {
    throw new Error(`${error}\n${server.said()}\n${cluster.log()}`, { cause: error })
  } finally {
    await server.stop()
  }
  return ledger.schemas
}

/** Both, one of them first: what is written meanwhile finds either away. */
async function kill(server: JavaProcess, cluster: Cluster, round: number): Promise<string> {
  if (round % 2 === 1) {
    const died = await cluster.killAndStart()
    await server.kill()
    server.start()
    return `${died} and the registry`
  }
  await server.kill()
  server.start()
  return `the registry and ${await cluster.killAndStart()}`
}

/** Writes on, since only what is not the newest segment is compacted. Tells what was taken. */
async function compacted(bootstrap: string, ledger: Ledger): Promise<string> {
  const deadlineMs = performance.now() + compactionPatienceMs
  for (;;) {
    await ledger.touch()
    const superseded = await supersededIn(bootstrap, topic)
    if (superseded !== null && superseded <= leftOver) return `${ledger.superseded - superseded} records compacted away`
    if (performance.now() > deadlineMs) assert.fail(`${superseded} superseded records are not compacted away`)
  }
}

function process(classes: string, args: readonly string[]): JavaProcess {
  const other = globalThis.process.env.ODRADEK_REGISTRY
  return new JavaProcess({ name: 'registry', jars: 'connect', classes, main: 'Registry', args }, other)
}
