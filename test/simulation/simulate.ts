/**
 * One simulation: a broker with its server on a simulated machine, its clients and its faults, under one seed. What runs is what
 * runs in production, from the frame to the disk. The same seed does the same.
 */
import { setImmediate } from 'node:timers/promises'
import { attentive } from '../../src/host/simulated/attention.ts'
import { SimulatedNetwork } from '../../src/host/simulated/network.ts'
import { World } from '../../src/host/simulated/world.ts'
import { ErrorCode, errorName } from '../../src/protocol/error-codes.ts'
import { Administrator } from './administrator.ts'
import { Client } from './client.ts'
import { SimulatedCluster } from './cluster.ts'
import { Faults } from './faults.ts'
import { fetchFrom } from './fetch.ts'
import { GroupReader } from './group-reader.ts'
import { Inspector } from './inspector.ts'
import { BrokenPromise, Ledger, type PartitionLedger, type Topic } from './ledger.ts'
import { Producer } from './producer.ts'
import type { Scene } from './scene.ts'

export interface Outcome {
  readonly seed: number
  readonly digest: string
  readonly steps: number
  readonly simulatedSeconds: number
  /** What was broken; null when every promise was kept. */
  readonly failure: string | null
  readonly brokers: number
  readonly faults: Faults['counts'] & Faults['clusterCounts']
  readonly counts: Ledger['counts']
  /** What the machines went through. */
  readonly log: readonly string[]
}

/** In the end, everything must be answered and read within so long: two minutes. */
const endWithinMicros = 120_000_000
const probeAgainMicros = 500_000
/** Events between two looks into the brokers. */
const inspectEvery = 20

export async function simulate(seed: number, steps: number): Promise<Outcome> {
  const world = new World(seed, () => setImmediate())
  const network = new SimulatedNetwork(world)
  const cluster = new SimulatedCluster(world, network, world.oneIn(3) ? 1 : 3)
  const ledger = new Ledger(
    (topicId, partition) => cluster.epochOf(topicId, partition),
    () => world.now
  )
  const scene: Scene = { world, ledger, cluster, isOver: false }
  const faults = new Faults(scene, network)
  const run = new Run(scene, faults, network)
  const failure = await run.whole(steps)
  return {
    seed,
    brokers: cluster.nodes.length,
    digest: world.digest,
    steps: world.steps,
    simulatedSeconds: world.nowMicros / 1e6,
    failure,
    faults: { ...faults.counts, ...faults.clusterCounts },
    counts: ledger.counts,
    log: cluster.log
  }
}

class Run {
  readonly #scene: Scene
  readonly #faults: Faults
  readonly #network: SimulatedNetwork
  readonly #inspector: Inspector
  #failure: string | null = null
  /** What the end waits for. */
  #doing = 'everybody works'

  constructor(scene: Scene, faults: Faults, network: SimulatedNetwork) {
    this.#scene = scene
    this.#faults = faults
    this.#inspector = new Inspector(scene.cluster, scene.ledger)
    this.#network = network
  }

  async whole(steps: number): Promise<string | null> {
    const { world } = this.#scene
    const onStray = (error: unknown): void => this.#fail(error)
    process.on('unhandledRejection', onStray)
    process.on('uncaughtException', onStray)
    try {
      void this.#scene.cluster.start()
      const everyone = this.#everyone()
      await this.#goOnWhile(() => world.steps < steps)
      this.#scene.isOver = true
      let isDone = false
      void this.#end(everyone).then(
        () => {
          isDone = true
        },
        (error: unknown) => this.#fail(error)
      )
      const deadline = world.nowMicros + endWithinMicros
      await this.#goOnWhile(() => !isDone && world.nowMicros < deadline)
      if (!isDone) this.#fail(new BrokenPromise(`two minutes without faults were not enough: ${this.#doing}`))
      this.#scene.cluster.end('killed')
      return this.#failure
    } finally {
      process.off('unhandledRejection', onStray)
      process.off('uncaughtException', onStray)
    }
  }

  async #goOnWhile(isWanted: () => boolean): Promise<void> {
    try {
      const { world, cluster } = this.#scene
      while (this.#failure === null && isWanted() && (await world.step())) {
        if (cluster.mistake !== null) throw new BrokenPromise(cluster.mistake)
        if (world.steps % inspectEvery === 0) this.#inspector.look()
      }
    } catch (error) {
      this.#fail(error)
    }
  }

  #everyone(): Map<string, Promise<void>> {
    const scene = this.#scene
    const everyone = new Map<string, Promise<void>>()
    const start = (name: string, work: (client: Client) => Promise<void>): void => {
      const ended = work(this.#client(name)).catch((error: unknown) => this.#fail(error))
      everyone.set(
        name,
        ended.finally(() => everyone.delete(name))
      )
    }
    start('administrator', (client) => new Administrator(scene, client).run())
    start('idempotent-all', (client) => new Producer(scene, client, 'a', -1).run('idempotent'))
    start('idempotent-one', (client) => new Producer(scene, client, 'b', 1).run('idempotent'))
    start('once-all', (client) => new Producer(scene, client, 'c', -1).run('once'))
    start('once-one', (client) => new Producer(scene, client, 'd', 1).run('once'))
    start('once-none', (client) => new Producer(scene, client, 'e', 0).run('once'))
    start('reader-1', (client) => new GroupReader(scene, client, 'kitchen').run())
    start('reader-2', (client) => new GroupReader(scene, client, 'bank').run())
    start('faults', () => this.#faults.run())
    return everyone
  }

  /** Without faults, whoever was at work ends it; then all is read once more. */
  async #end(everyone: ReadonlyMap<string, Promise<void>>): Promise<void> {
    const { world, cluster, ledger } = this.#scene
    this.#faults.heal()
    this.#doing = 'the cluster stops'
    await cluster.stop()
    this.#doing = 'the cluster starts'
    await cluster.start()
    for (const [name, ended] of everyone) {
      this.#doing = `${name} ends its work`
      await ended
    }
    for (let unlike = this.#inspector.unlike(); unlike !== null; unlike = this.#inspector.unlike()) {
      this.#doing = unlike
      await world.pause(probeAgainMicros, 'replicas catch up')
    }
    const client = this.#client('auditor')
    for (const topic of ledger.topics) {
      for (const [index, partition] of topic.partitions.entries()) await this.#audit(client, topic, index, partition)
    }
  }

  async #audit(client: Client, topic: Topic, index: number, partition: PartitionLedger): Promise<void> {
    const { world, cluster } = this.#scene
    this.#doing = `${partition.where} is read`
    if (cluster.isLost(topic.id, index)) return
    for (let next = 0; ; ) {
      const fetched = await fetchFrom(client, topic.id, index, next, 0)
      if (fetched?.errorCode === ErrorCode.OFFSET_OUT_OF_RANGE && next < partition.startAsked) {
        next += 1
      } else if (fetched === null || fetched.errorCode !== ErrorCode.NONE) {
        await world.pause(
          probeAgainMicros,
          `the auditor asks again (${fetched === null ? 'no answer' : errorName(fetched.errorCode)})`
        )
      } else if (cluster.nodes.length > 1 && fetched.endOffset < partition.readableEnd) {
        await world.pause(probeAgainMicros, 'the auditor waits for what others have read')
      } else if (next >= fetched.endOffset) {
        return partition.complete(fetched.startOffset, fetched.endOffset)
      } else {
        for (const { offset, value } of fetched.records) {
          partition.see(offset, value, next)
          next = offset + 1
        }
      }
    }
  }

  #client(name: string): Client {
    return new Client(this.#scene.world, this.#network.of(attentive), name, this.#scene.cluster.nodes.length)
  }

  #fail(error: unknown): void {
    if (this.#failure !== null) return
    this.#failure = error instanceof BrokenPromise ? error.message : wholeStackOf(error)
  }
}

function wholeStackOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}
