/**
 * Bits that flip on the disk of a broker that runs, in records that a checkpoint says were synced. (Behind it a recovery cannot tell what
 * has rotted from what was never written.) Nothing flips that the system still has in memory. What has flipped and is still there in the end
 * must have been told, with its file and place: by then everything has been read.
 */
import type { World } from '../../src/host/simulated/world.ts'
import { readOffsetCheckpoint } from '../../src/log/offset-checkpoint.ts'
import { batchHeaderBytes, lastOffsetOf, readBatchHeader } from '../../src/protocol/records/batch.ts'
import { BrokenPromise } from './broken-promise.ts'
import type { SimulatedCluster } from './cluster.ts'
import type { Node } from './node.ts'

/** A batch on a disk. */
interface Place {
  readonly directory: string
  readonly path: string
  readonly position: number
  readonly sizeBytes: number
  readonly lastOffset: number
}

interface Flip extends Place {
  readonly node: Node
  readonly bytes: Buffer
}

export class Rot {
  readonly #world: World
  readonly #cluster: SimulatedCluster
  readonly #flips: Flip[] = []
  #isBusy = false

  constructor(world: World, cluster: SimulatedCluster) {
    this.#world = world
    this.#cluster = cluster
  }

  /** Some bits flip there, one after the other; gives how many. Only one broker rots at a time. */
  async flipSome(node: Node, most: number, isWanted: () => boolean): Promise<number> {
    if (this.#isBusy) return 0
    this.#isBusy = true
    let flips = 0
    for (let tries = most; tries > 0 && isWanted() && this.#cluster.mayRotRunning(node); tries -= 1) {
      if (await this.#flipOne(node)) flips += 1
    }
    this.#isBusy = false
    return flips
  }

  /** A bit flips, unless somebody reads or writes there meanwhile, or the broker ends; false then. */
  async #flipOne(node: Node): Promise<boolean> {
    const { disk, process } = node
    const places = promisedBatches(node)
    const place = places[this.#world.chance.below(Math.max(1, places.length))]
    if (place === undefined) return false
    const { path, position, sizeBytes } = place
    const isTouched = disk.watch(path, position, position + sizeBytes)
    await this.#world.pause(disk.remembersMs * 1000, 'a bit is about to flip')
    if (isTouched() || node.disk !== disk || node.process !== process || !this.#cluster.mayRotRunning(node))
      return false
    const [at, bit] = [position + this.#world.chance.below(sizeBytes), this.#world.chance.below(8)]
    disk.flipBit(path, at, bit)
    this.#cluster.rotted(node, `${path}, at byte ${at}, in the batch at ${position}`)
    this.#flips.push({ ...place, node, bytes: bytesAt(node, place) })
    return true
  }

  /** Throws BrokenPromise. */
  expectTold(): void {
    for (const { node, ...place } of this.#flips) {
      const { path, position, bytes } = place
      if (!this.#isServed(node, place) || !bytesAt(node, place).equals(bytes)) continue
      const told = `${path} is damaged at byte ${position}:`
      if (this.#cluster.log.some((line) => line.includes(told))) continue
      throw new BrokenPromise(
        `node ${node.id}: nobody has noticed that a bit flipped in ${path}, in the batch at ${position}`
      )
    }
  }

  #isServed({ id, disk }: Node, { directory, path, lastOffset }: Place): boolean {
    if (!disk.exists(path)) return false
    const [, topic = '', partition = ''] = /^(.+)-(\d+)$/.exec(directory) ?? []
    const replica = this.#cluster.running?.brokers.get(id)?.replica(topic, Number(partition))
    return replica !== undefined && replica.log.logStartOffset <= lastOffset
  }
}

function bytesAt({ disk }: Node, { path, position, sizeBytes }: Place): Buffer {
  return disk.readFile(path).subarray(position, position + sizeBytes)
}

/** Batches of its partitions that were synced, as its checkpoint says. */
function promisedBatches({ disk }: Node): Place[] {
  const places: Place[] = []
  // A checkpoint whose name is not safe yet may be taken back by a power cut: seed 482.
  const synced = { exists: () => true, readFile: (path: string) => disk.readSynced(path) }
  for (const [directory, recoveryPoint] of readOffsetCheckpoint(synced, 'recovery-point-offset-checkpoint') ?? []) {
    if (directory.startsWith('__cluster_metadata-')) continue
    for (const name of disk.list(directory).filter((file) => file.endsWith('.log'))) {
      const path = `${directory}/${name}`
      const bytes = disk.readFile(path)
      // What a power cut has torn may end within a header: seed 1170.
      for (let position = 0; position + batchHeaderBytes <= bytes.length; ) {
        const header = readBatchHeader(bytes, position)
        const { sizeBytes } = header
        if (lastOffsetOf(header) >= recoveryPoint || sizeBytes <= 0) break
        places.push({ directory, path, position, sizeBytes, lastOffset: lastOffsetOf(header) })
        position += sizeBytes
      }
    }
  }
  return places
}
