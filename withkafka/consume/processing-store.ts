/**
 * Stores messages in a directory, a file of JSON lines for each partition, each message once whatever crashes.
 *
 * A group's bookmark cannot promise that: it is moved after the data is written, and between the two there is room for a
 * crash. So the bookmark that counts is in the data: the last line of a file holds the last offset, and the next one is
 * read on. Data and bookmark are one write. The group's bookmark is moved too, for those who look at the lag.
 */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { tell } from '../program/output.ts'
import { Problem, reasonOf } from '../program/problem.ts'
import { holderOf, lockFile } from './file-lock.ts'
import { type ConsumedMessage, jsonLineOf, nameOf, type Partition } from './message.ts'
import type { Processing } from './processing.ts'
import { StoredPartition } from './stored-partition.ts'

const lockRetryMs = 100

interface Held {
  readonly partition: Partition
  readonly file: StoredPartition
  unlock(): void
}

export class StoreProcessing implements Processing {
  readonly portionMax = Number.POSITIVE_INFINITY
  readonly #directory: string
  readonly #held = new Map<string, Held>()

  constructor(directory: string) {
    this.#directory = directory
    try {
      mkdirSync(directory, { recursive: true })
    } catch (error) {
      throw new Problem({ what: `cannot store in ${directory}`, why: reasonOf(error) })
    }
  }

  async process(messages: readonly ConsumedMessage[]): Promise<void> {
    const [first] = messages
    if (first === undefined) return
    const held = this.#held.get(nameOf(first))
    if (held === undefined) throw new Error(`${nameOf(first)} is not held by this process`)
    const missing = messages.filter(({ offset }) => offset >= held.file.next)
    held.file.append(missing.map(jsonLineOf).join(''), messages.at(-1)?.offset ?? first.offset)
  }

  readonly position = async (partition: Partition, cancel: AbortSignal): Promise<number> => {
    const held = this.#held.get(nameOf(partition)) ?? (await this.#open(partition, cancel))
    return held.file.next
  }

  readonly keepOnly = (partitions: readonly Partition[]): void => {
    const kept = new Set(partitions.map(nameOf))
    for (const [name, held] of this.#held) {
      if (kept.has(name)) continue
      held.file.close()
      held.unlock()
      this.#held.delete(name)
    }
  }

  /**
   * A member that lost the partition without noticing, a suspended process for example, may still write: wait for it. Whoever lost it
   * while it was waiting, or before, takes no lock: its new owner would wait for that.
   */
  async #open(partition: Partition, cancel: AbortSignal): Promise<Held> {
    const path = join(this.#directory, `${nameOf(partition)}.jsonl`)
    for (let attempt = 0; ; attempt++) {
      cancel.throwIfAborted()
      const unlock = lockFile(`${path}.lock`)
      if (unlock) return this.#hold(partition, path, unlock)
      if (attempt === 10) tell(`waiting for process ${holderOf(`${path}.lock`)}, which has ${path}`)
      await new Promise((resolve) => setTimeout(resolve, lockRetryMs))
    }
  }

  /** In one step with the lock, so that `keepOnly` finds whatever is locked. */
  #hold(partition: Partition, path: string, unlock: () => void): Held {
    try {
      const held = { partition, file: StoredPartition.open(path), unlock }
      this.#held.set(nameOf(partition), held)
      return held
    } catch (error) {
      unlock()
      throw error
    }
  }
}
