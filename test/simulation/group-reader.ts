/** A reader of a simulation, alone in a group that remembers where it is. */
import type { Client } from './client.ts'
import { commitOffset, committedOffset, type Place, readOn } from './group-offsets.ts'
import { pauseAWhile, pickPartition, type Scene } from './scene.ts'

/** Reads partitions from where its group is, and commits where it has come. */
export class GroupReader {
  readonly #scene: Scene
  readonly #client: Client
  readonly #group: string
  readonly #positions = new Map<string, number>()

  constructor(scene: Scene, client: Client, group: string) {
    this.#scene = scene
    this.#client = client
    this.#group = group
  }

  async run(): Promise<void> {
    while (!this.#scene.isOver) {
      const picked = pickPartition(this.#scene)
      if (picked !== null) await this.#readSome(picked)
      await pauseAWhile(this.#scene)
    }
  }

  async #readSome(place: Place): Promise<void> {
    const key = `${place.topic.id}-${place.index}`
    const { world } = this.#scene
    const position = world.oneIn(10) ? null : (this.#positions.get(key) ?? null)
    const from = position ?? (await this.#beginning(place))
    if (from === null) return
    const next = await readOn(this.#scene, this.#client, place, from)
    if (next === null) return
    this.#positions.set(key, next)
    if (next <= from || !world.oneIn(2)) return
    const nobody = { group: this.#group, generation: -1, memberId: '' }
    await commitOffset(this.#scene, this.#client, nobody, place, next)
  }

  /** Where the group is, or where the partition begins; null when nobody says. */
  async #beginning(place: Place): Promise<number | null> {
    const committed = await committedOffset(this.#scene, this.#client, this.#group, place)
    return committed === null ? null : Math.max(committed, place.partition.startAsked)
  }
}
