/** Directories that are nobody's any more: removed a few at a time, and again after a while where the disk refuses. */
import type { Host } from '../host/host.ts'
import { inSlices, type SharedSlices } from '../host/slices.ts'
import { unattended } from '../host/unattended.ts'
import { limits } from '../limits.ts'
import type { Telling } from './telling.ts'

export class Removals {
  readonly #host: Host
  readonly #slices: SharedSlices
  readonly #telling: Telling
  #names: string[] = []
  #isUnderWay = false
  #hasEnded = false

  constructor(host: Host, slices: SharedSlices, telling: Telling) {
    this.#host = host
    this.#slices = slices
    this.#telling = telling
  }

  /** Those that are left when the broker ends are removed by the next start. */
  add(name: string): void {
    this.#names.push(name)
    if (!this.#isUnderWay) unattended(this.#host.clock, this.#run())
  }

  end(): void {
    this.#hasEnded = true
  }

  async #run(): Promise<void> {
    const { disk, clock } = this.#host
    this.#isUnderWay = true
    const refused: string[] = []
    while (this.#names.length > 0 && !this.#hasEnded) {
      const names = this.#names
      this.#names = []
      await inSlices(this.#slices, names, (name) => {
        if (this.#hasEnded) return
        if (!this.#telling.attempt(`removal of ${name}`, () => disk.remove(name))) refused.push(name)
      })
    }
    this.#isUnderWay = false
    for (const name of refused) clock.after(limits.openAgainMs, () => this.add(name))
  }
}
