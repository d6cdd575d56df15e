/** A machine with a broker on it, whose process can be killed and whose power can be cut. */
import { SimulatedDisk } from '../../src/host/simulated/disk.ts'
import type { SimulatedNetwork } from '../../src/host/simulated/network.ts'
import { type End, SimulatedProcess } from '../../src/host/simulated/process.ts'
import type { World } from '../../src/host/simulated/world.ts'
import { type RunningServer, startServer } from '../../src/server/start.ts'

export const PORT = 9092

/** A sync takes so long, in microseconds; on a slow disk a hundred times that. */
const [leastSyncMicros, mostSyncMicros] = [100, 3000]

/** Between a start that failed and the next. */
const startAgainMicros = 500_000

export class Machine {
  /** How often the power was cut: what was written and not synced before may be gone. */
  powerCuts = 0
  isSlow = false
  /**
   * The disk has refused a call for good in this life. What cannot be made safe is not served then until the next start, even
   * where somebody had read it before: the partition is told of as being in trouble.
   */
  hasBrokenDisk = false
  readonly timeOfDay = { shiftMs: 0 }
  readonly #world: World
  readonly #network: SimulatedNetwork
  #disk: SimulatedDisk
  #process: SimulatedProcess | null = null
  #server: RunningServer | null = null
  readonly log: string[] = []

  constructor(world: World, network: SimulatedNetwork) {
    this.#world = world
    this.#network = network
    this.#disk = this.#furnished(new SimulatedDisk())
  }

  /** The process that lives now, or is starting; null between two. */
  get process(): SimulatedProcess | null {
    return this.#process
  }

  get isServing(): boolean {
    return this.#server !== null
  }

  /** Starts a broker, and again and again until it serves or is killed. */
  async start(): Promise<void> {
    if (this.#process !== null) return
    const process = new SimulatedProcess({
      world: this.#world,
      network: this.#network,
      disk: this.#disk,
      timeOfDay: this.timeOfDay
    })
    this.#process = process
    this.hasBrokenDisk = false
    this.#note('start')
    for (;;) {
      try {
        const server = await startServer({
          host: process,
          listenHost: '127.0.0.1',
          port: PORT,
          advertised: null,
          durability: 'disk',
          config: {
            'offsets.topic.num.partitions': '2',
            'log.retention.check.interval.ms': '5000',
            'auto.create.topics.enable': 'false'
          },
          topics: [],
          log: (line) => {
            if (process.isAlive) this.#note(line)
          }
        })
        if (!process.isAlive) return
        this.#server = server
        this.#note('serves')
        return
      } catch (error) {
        if (!process.isAlive) return
        this.#note(`start failed: ${error instanceof Error ? error.message : error}`)
        await this.#world.pause(startAgainMicros, 'start again')
        if (!process.isAlive) return
      }
    }
  }

  /** The process is gone at once. */
  end(how: End): void {
    const process = this.#process
    if (process === null) return
    this.#note(how)
    process.take(how)
    this.#process = null
    this.#server = null
    if (how === 'killed') return
    this.powerCuts += 1
    this.#disk = this.#furnished(this.#disk.powerCut(this.#world.chance))
  }

  /** Asks it to stop, as SIGTERM does, and waits for it. */
  async stop(): Promise<void> {
    const [process, server] = [this.#process, this.#server]
    if (process === null || server === null) return
    this.#note('stop')
    this.#server = null
    await server.stop().catch((error: unknown) => this.#note(`stop failed: ${error}`))
    if (this.#process === process) this.end('killed')
  }

  #furnished(disk: SimulatedDisk): SimulatedDisk {
    disk.syncing = (path) => {
      const takes = this.#world.between(leastSyncMicros, mostSyncMicros) * (this.isSlow ? 100 : 1)
      return this.#world.pause(takes, `sync ${path}`)
    }
    return disk
  }

  #note(line: string): void {
    this.#world.note(line)
    this.log.push(`${(this.#world.nowMicros / 1e6).toFixed(3)} s  ${line}`)
  }
}
