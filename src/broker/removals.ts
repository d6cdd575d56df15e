/** Directories that are nobody's any more: removed a few at a time, and again after a while where the disk refuses. */
import { attempt } from '../host/disk.ts'
import type { Host } from '../host/host.ts'
import { inSlices } from '../host/slices.ts'
import { unattended } from '../host/unattended.ts'
import { limits } from '../limits.ts'

export class Removals {
  readonly #host: Host
  #names: string[] = []
  #isUnderWay = false
  #hasEnded = false

  constructor(host: Host) {
    this.#host = host
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
      await inSlices(clock, names, (name) => {
        if (!this.#hasEnded && !attempt(() => disk.remove(name))) refused.push(name)
      })
    }
    this.#isUnderWay = false
    for (const name of refused) clock.after(limits.openAgainMs, () => this.add(name))
  }
}
