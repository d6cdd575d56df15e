/**
 * What many look at is asked of the cluster once, again and again as long as somebody looks, and not at all when nobody does. Who is slow
 * misses what was in between and gets the newest: nothing is kept for anybody but one view.
 *
 * A look at much takes long, and costs the cluster: at most a part of the time is spent on looking.
 */
const restsPerLook = 3

export class SharedLook<View> {
  readonly #look: () => Promise<View>
  readonly #pauseMs: number
  readonly #viewers = new Set<Viewer<View>>()
  #newest: Seen<View> | null = null
  #isLooking = false

  constructor(look: () => Promise<View>, pauseMs: number) {
    this.#look = look
    this.#pauseMs = pauseMs
  }

  get isWatched(): boolean {
    return this.#viewers.size > 0
  }

  /** Each view as it comes, the last known at once; rejects when the cluster cannot be asked, and may be asked again. */
  async *views(interrupted: AbortSignal): AsyncGenerator<View> {
    const viewer = new Viewer<View>()
    this.#viewers.add(viewer)
    const leave = (): void => viewer.leave()
    interrupted.addEventListener('abort', leave, { once: true })
    try {
      if (this.#newest !== null && this.#isLooking) viewer.show(this.#newest)
      void this.#lookOn()
      while (!interrupted.aborted) {
        const seen = await viewer.next()
        if (seen === null) return
        if ('failure' in seen) throw seen.failure
        yield seen.view
      }
    } finally {
      this.#viewers.delete(viewer)
      interrupted.removeEventListener('abort', leave)
    }
  }

  async #lookOn(): Promise<void> {
    if (this.#isLooking) return
    this.#isLooking = true
    while (this.isWatched) {
      const beganMs = performance.now()
      this.#newest = await this.#look().then(
        (view) => ({ view }),
        (failure: unknown) => ({ failure })
      )
      for (const viewer of this.#viewers) viewer.show(this.#newest)
      const restMs = Math.max(this.#pauseMs, restsPerLook * (performance.now() - beganMs))
      await new Promise((resolve) => setTimeout(resolve, restMs))
    }
    this.#isLooking = false
    this.#newest = null
  }
}

type Seen<View> = { readonly view: View } | { readonly failure: unknown }

/** Has room for one view. */
class Viewer<View> {
  #seen: Seen<View> | null = null
  #hasLeft = false
  #wake = (): void => {}

  show(seen: Seen<View>): void {
    this.#seen = seen
    this.#wake()
  }

  leave(): void {
    this.#hasLeft = true
    this.#wake()
  }

  /** Null: it looks no more. */
  async next(): Promise<Seen<View> | null> {
    while (this.#seen === null && !this.#hasLeft)
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    const seen = this.#hasLeft ? null : this.#seen
    this.#seen = null
    return seen
  }
}
