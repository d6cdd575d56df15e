/**
 * One simulation: a broker with its server on a simulated machine, its clients and its faults, under one seed. What runs is what
 * runs in production, from the frame to the disk. The same seed does the same.
 */
import { setImmediate } from 'node:timers/promises'
import type { Pace } from '../../src/host/clock.ts'
import { attentive } from '../../src/host/simulated/attention.ts'
import { SimulatedNetwork } from '../../src/host/simulated/network.ts'
import { World } from '../../src/host/simulated/world.ts'
import { limits } from '../../src/limits.ts'
import { Auditor } from './auditor.ts'
import { BrokenPromise } from './broken-promise.ts'
import { type Cast, castOf } from './cast.ts'
import { Client } from './client.ts'
import { SimulatedCluster } from './cluster.ts'
import { Faults } from './faults.ts'
import { Inspector } from './inspector.ts'
import { Ledger } from './ledger.ts'
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
  readonly counts: Readonly<Record<string, number>>
  /** What the machines went through. */
  readonly log: readonly string[]
}

/** In the end, everything must be answered and read within so long: two minutes. */
const endWithinMicros = 120_000_000
const probeAgainMicros = 500_000
/** Events between two looks into the brokers. */
const inspectEvery = 20

export async function simulate(seed: number, steps: number): Promise<Outcome> {
  const world = new World(seed, () => setImmediate(), paceOf(seed))
  const network = new SimulatedNetwork(world)
  const cluster = new SimulatedCluster(world, network, world.oneIn(3) ? 1 : 3)
  const ledger = new Ledger((topicId, partition) => cluster.epochOf(topicId, partition), {
    now: () => world.now,
    nowMicros: () => world.nowMicros
  })
  cluster.onOtherCopy = (nodeId, directory) => ledger.otherCopy(nodeId, directory)
  const scene: Scene = { world, ledger, cluster, isOver: false }
  const faults = new Faults(scene, network)
  const cast = castOf(scene, { hasTransactions: seed % 3 === 0, hasShares: seed % 5 === 3, hasSharers: seed % 5 === 1 })
  const run = new Run(scene, faults, network, cast)
  const failure = await run.whole(steps)
  return {
    seed,
    brokers: cluster.nodes.length,
    digest: world.digest,
    steps: world.steps,
    simulatedSeconds: world.nowMicros / 1e6,
    failure,
    faults: { ...faults.counts, ...faults.clusterCounts },
    counts: {
      ...ledger.counts,
      ...ledger.groups.counts,
      ...ledger.keys.counts,
      ...ledger.transactions.counts,
      ...ledger.transactions.processed.counts,
      ...ledger.shares.counts,
      ...ledger.sharedRecords.counts,
      ...cast.counts()
    },
    log: cluster.log
  }
}

/** In every other world no job does more than one thing at a stretch, and requests of some partitions, or of any, are jobs and take turns. */
function paceOf(seed: number): Pace | undefined {
  if (seed % 2 === 1) return undefined
  return seed % 4 === 0
    ? { sliceMs: -1, partitionsAtOnce: 0, requestBytesAtOnce: 0 }
    : { ...limits, sliceMs: -1, partitionsAtOnce: 2 }
}

class Run {
  readonly #scene: Scene
  readonly #faults: Faults
  readonly #network: SimulatedNetwork
  readonly #inspector: Inspector
  readonly #cast: Cast
  #failure: string | null = null
  /** What the end waits for. */
  #doing = (): string => 'everybody works'

  constructor(scene: Scene, faults: Faults, network: SimulatedNetwork, cast: Cast) {
    this.#scene = scene
    this.#faults = faults
    this.#inspector = new Inspector(scene.cluster, scene.ledger)
    this.#network = network
    this.#cast = cast
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
      if (!isDone) this.#fail(new BrokenPromise(`two minutes without faults were not enough: ${this.#doing()}`))
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
    const everyone = new Map<string, Promise<void>>()
    const begin = (name: string, ended: Promise<void>): void => {
      const caught = ended.catch((error: unknown) => this.#fail(error))
      everyone.set(
        name,
        caught.finally(() => everyone.delete(name))
      )
    }
    for (const [name, role] of this.#cast.roles) begin(name, role(this.#client(name)))
    begin('faults', this.#faults.run())
    return everyone
  }

  /** Without faults, whoever was at work ends it; then all is read once more. */
  async #end(everyone: ReadonlyMap<string, Promise<void>>): Promise<void> {
    const { world, cluster } = this.#scene
    this.#faults.heal()
    this.#doing = () => 'the cluster stops'
    await cluster.stop()
    this.#doing = () => 'the cluster starts'
    await cluster.start()
    for (const [name, ended] of everyone) {
      this.#doing = () => `${name} ends its work`
      await ended
    }
    for (let unlike = this.#inspector.unlike(); unlike !== null; unlike = this.#inspector.unlike()) {
      const what = unlike
      this.#doing = () => what
      await world.pause(probeAgainMicros, 'replicas catch up')
    }
    const auditor = new Auditor(this.#scene, this.#client('auditor'))
    this.#doing = () => auditor.doing
    await auditor.run()
    this.#faults.rot.expectTold()
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
