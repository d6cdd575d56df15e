/** A machine of a simulation, with its disk and its time of day: a broker runs on it, or the controller. */
import type { BrokerStart } from '../../src/cluster/cluster.ts'
import { SimulatedDisk } from '../../src/host/simulated/disk.ts'
import type { SimulatedNetwork } from '../../src/host/simulated/network.ts'
import { type End, SimulatedProcess } from '../../src/host/simulated/process.ts'
import type { World } from '../../src/host/simulated/world.ts'
import { batchSizeAt } from '../../src/protocol/records/batch.ts'
import { Server } from '../../src/server/server.ts'

/** A sync takes so long, in microseconds; on a slow disk a hundred times that. */
const [leastSyncMicros, mostSyncMicros] = [100, 3000]

/** A batch or two of a simulation's. */
const nearTheEndBytes = 300

export function portOf(nodeId: number): number {
  return 9091 + nodeId
}

export class Node {
  readonly id: number
  isSlow = false
  readonly timeOfDay = { shiftMs: 0 }
  readonly #world: World
  readonly #network: SimulatedNetwork
  #disk: SimulatedDisk
  #process: SimulatedProcess | null = null
  /** Takes connections, from before the broker's start to its end. */
  server: Server | null = null
  /** Resolves when the process that lives now is gone: what its code awaits may never come. */
  ended: Promise<void> = Promise.resolve()
  #tellEnd: () => void = () => {}
  /**
   * The disk has refused a call for good in this life. What cannot be made safe is not served then until the next start, even
   * where somebody had read it before, if nobody else has it: the partition is told of as being in trouble.
   */
  hasBrokenDisk = false

  constructor(id: number, world: World, network: SimulatedNetwork) {
    this.id = id
    this.#world = world
    this.#network = network
    this.#disk = this.#furnished(new SimulatedDisk())
  }

  /** The process that lives now, or is starting; null between two. */
  get process(): SimulatedProcess | null {
    return this.#process
  }

  /** As it is now; another after a power cut. */
  get disk(): SimulatedDisk {
    return this.#disk
  }

  /** A new process, on the disk as it is. */
  begin(): SimulatedProcess {
    const [world, network, disk, timeOfDay] = [this.#world, this.#network, this.#disk, this.timeOfDay]
    this.hasBrokenDisk = false
    this.#process = new SimulatedProcess({ world, network, disk, timeOfDay })
    this.ended = new Promise((resolve) => {
      this.#tellEnd = resolve
    })
    return this.#process
  }

  /** The process is gone at once. */
  end(how: End): void {
    const process = this.#process
    process?.take(how)
    this.#process = null
    this.server = null
    this.#tellEnd()
    if (process !== null && how === 'power cut') this.powerCut()
  }

  /** The disk forgets what was not synced. Only of a machine without a process. */
  powerCut(): void {
    this.#disk = this.#furnished(this.#disk.powerCut(this.#world.chance))
  }

  /** Another disk, with nothing on it. Only of a machine without a process. */
  wipe(): void {
    this.#disk = this.#furnished(new SimulatedDisk())
  }

  /** A bit flips in a file of one of these directories, often near the end of a log; gives the name. Only of a machine without a process. */
  rot(directories: readonly string[]): string | null {
    const [disk, { chance }] = [this.#disk, this.#world]
    const files = directories
      .flatMap((directory) => disk.list(directory).map((name) => `${directory}/${name}`))
      .filter((path) => (disk.sizeOf(path) ?? 0) > 0)
    const logs = this.#world.oneIn(2) ? files.filter((path) => path.endsWith('.log')) : []
    const among = logs.length > 0 ? logs : files
    const path = among[chance.below(Math.max(1, among.length))]
    if (path === undefined) return null
    const sizeBytes = disk.sizeOf(path) ?? 1
    const from = logs.length > 0 ? Math.max(0, sizeBytes - nearTheEndBytes) : 0
    disk.flipBit(path, from + chance.below(sizeBytes - from), chance.below(8))
    return path
  }

  /** The last segment of a log in one of these directories ends earlier; says which, and where. Only of a machine without a process. */
  loseTail(directories: readonly string[]): string | null {
    const [disk, { chance }] = [this.#disk, this.#world]
    const last = (directory: string): string | undefined =>
      disk.list(directory).findLast((name) => name.endsWith('.log'))
    const paths = directories.flatMap((directory) => {
      const name = last(directory)
      return name === undefined ? [] : [`${directory}/${name}`]
    })
    const path = paths[chance.below(Math.max(1, paths.length))]
    if (path === undefined) return null
    if (this.#world.oneIn(4)) {
      disk.remove(path)
      disk.syncDirectoryNow(path.slice(0, path.indexOf('/')))
      return `${path} is gone`
    }
    const bytes = disk.readFile(path)
    const borders = batchBorders(bytes)
    const end = borders[chance.below(borders.length)] ?? 0
    disk.replaceFile(path, bytes.subarray(0, end))
    return `${path} ends at byte ${end} of ${bytes.length}`
  }

  async listen(log: (line: string) => void): Promise<Server> {
    const host = this.#process ?? fail()
    const { network, clock } = host
    const server = await Server.listen({ network, clock, host: '127.0.0.1', port: portOf(this.id), log })
    if (this.#process !== host) {
      await server.stop()
      throw new Error(`the process of node ${this.id} is gone`)
    }
    this.server = server
    return server
  }

  /** This life of the broker. */
  start(log: (line: string) => void): BrokerStart {
    const host = this.#process ?? fail()
    const endpoint = { host: '127.0.0.1', port: portOf(this.id) }
    return { host, nodeId: this.id, rack: null, endpoint, advertised: null, log }
  }

  #furnished(disk: SimulatedDisk): SimulatedDisk {
    disk.syncing = (path) => {
      const takes = this.#world.between(leastSyncMicros, mostSyncMicros) * (this.isSlow ? 100 : 1)
      return this.#world.pause(takes, `sync ${path}`)
    }
    return disk
  }
}

/** Where batches begin. */
function batchBorders(bytes: Buffer): number[] {
  const borders: number[] = []
  for (let position = 0; position < bytes.length; ) {
    borders.push(position)
    // Behind the last whole one a power cut may have left anything.
    const sizeBytes = batchSizeAt(bytes, position)
    if (sizeBytes <= 0) return borders
    position += sizeBytes
  }
  return borders
}

function fail(): never {
  throw new Error('a node without a process does nothing')
}
