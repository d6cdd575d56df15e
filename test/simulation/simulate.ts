/**
 * One simulation: a broker with its server on a simulated machine, its clients and its faults, under one seed. What runs is what
 * runs in production, from the frame to the disk. The same seed does the same.
 */
import { setImmediate } from 'node:timers/promises'
import { SimulatedNetwork } from '../../src/host/simulated/network.ts'
import { World } from '../../src/host/simulated/world.ts'
import { ErrorCode, errorName } from '../../src/protocol/error-codes.ts'
import { Administrator } from './administrator.ts'
import { Client } from './client.ts'
import { Faults } from './faults.ts'
import { fetchFrom } from './fetch.ts'
import { GroupReader } from './group-reader.ts'
import { BrokenPromise, Ledger, type PartitionLedger, type Topic } from './ledger.ts'
import { Machine } from './machine.ts'
import { Producer } from './producer.ts'
import type { Scene } from './scene.ts'

export interface Outcome {
  readonly seed: number
  readonly digest: string
  readonly steps: number
  readonly simulatedSeconds: number
  /** What was broken; null when every promise was kept. */
  readonly failure: string | null
  readonly faults: Faults['counts']
  readonly counts: Ledger['counts']
  /** What the machine went through. */
  readonly log: readonly string[]
}

/** In the end, everything must be answered and read within so long: two minutes. */
const endWithinMicros = 120_000_000
const probeAgainMicros = 500_000

export async function simulate(seed: number, steps: number): Promise<Outcome> {
  const world = new World(seed, () => setImmediate())
  const network = new SimulatedNetwork(world)
  const scene: Scene = { world, ledger: new Ledger(), machine: new Machine(world, network), isOver: false }
  const faults = new Faults(scene, network)
  const run = new Run(scene, faults, network)
  const failure = await run.whole(steps)
  return {
    seed,
    digest: world.digest,
    steps: world.steps,
    simulatedSeconds: world.nowMicros / 1e6,
    failure,
    faults: faults.counts,
    counts: scene.ledger.counts,
    log: scene.machine.log
  }
}

class Run {
  readonly #scene: Scene
  readonly #faults: Faults
  readonly #network: SimulatedNetwork
  #failure: string | null = null

  constructor(scene: Scene, faults: Faults, network: SimulatedNetwork) {
    this.#scene = scene
    this.#faults = faults
    this.#network = network
  }

  async whole(steps: number): Promise<string | null> {
    const { world } = this.#scene
    const onStray = (error: unknown): void => this.#fail(error)
    process.on('unhandledRejection', onStray)
    process.on('uncaughtException', onStray)
    try {
      void this.#scene.machine.start()
      const everyone = this.#everyone().map((work) => work.catch((error: unknown) => this.#fail(error)))
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
      if (!isDone)
        this.#fail(new BrokenPromise('not everything was answered and read within two minutes without faults'))
      this.#scene.machine.end('killed')
      return this.#failure
    } finally {
      process.off('unhandledRejection', onStray)
      process.off('uncaughtException', onStray)
    }
  }

  async #goOnWhile(isWanted: () => boolean): Promise<void> {
    try {
      while (this.#failure === null && isWanted() && (await this.#scene.world.step()));
    } catch (error) {
      this.#fail(error)
    }
  }

  #everyone(): Promise<void>[] {
    const scene = this.#scene
    return [
      new Administrator(scene, this.#client('administrator')).run(),
      new Producer(scene, this.#client('idempotent-all'), 'a', -1).run('idempotent'),
      new Producer(scene, this.#client('idempotent-one'), 'b', 1).run('idempotent'),
      new Producer(scene, this.#client('once-all'), 'c', -1).run('once'),
      new Producer(scene, this.#client('once-one'), 'd', 1).run('once'),
      new Producer(scene, this.#client('once-none'), 'e', 0).run('once'),
      new GroupReader(scene, this.#client('reader-1'), 'kitchen').run(),
      new GroupReader(scene, this.#client('reader-2'), 'bank').run(),
      this.#faults.run()
    ]
  }

  /** Without faults, whoever was at work ends it; then all is read once more. */
  async #end(everyone: readonly Promise<void>[]): Promise<void> {
    const { machine, ledger } = this.#scene
    this.#faults.heal()
    await machine.stop()
    await machine.start()
    await Promise.all(everyone)
    const client = this.#client('auditor')
    for (const topic of ledger.topics) {
      for (const [index, partition] of topic.partitions.entries()) await this.#audit(client, topic, index, partition)
    }
  }

  async #audit(client: Client, topic: Topic, index: number, partition: PartitionLedger): Promise<void> {
    const { world } = this.#scene
    for (let next = 0; ; ) {
      const fetched = await fetchFrom(client, topic.id, index, next, 0)
      if (fetched?.errorCode === ErrorCode.OFFSET_OUT_OF_RANGE && next < partition.startAsked) {
        next += 1
      } else if (fetched === null || fetched.errorCode !== ErrorCode.NONE) {
        await world.pause(
          probeAgainMicros,
          `the auditor asks again (${fetched === null ? 'no answer' : errorName(fetched.errorCode)})`
        )
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
    return new Client(
      this.#scene.world,
      this.#network.of(() => true),
      name
    )
  }

  #fail(error: unknown): void {
    if (this.#failure !== null) return
    this.#failure = error instanceof BrokenPromise ? error.message : wholeStackOf(error)
  }
}

function wholeStackOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}
