/** Requests whose answer is still owed, because it depends on what other clients do. Each gets exactly one. */
import type { Owed } from './draft.ts'
import type { Waiter } from './waiting.ts'

export class OwedAnswers<Response> {
  readonly #refusal: Response
  readonly #waiting = new Map<Waiter, (response: Response) => void>()
  #nextWaiter: Waiter = 1

  /** The refusal is for those who still wait when it all ends. */
  constructor(refusal: Response) {
    this.#refusal = refusal
  }

  /** Hands out a name to answer under; `ask` runs before this returns. When it throws, the promise says so and nothing is owed. */
  owe(ask: (waiter: Waiter) => void): Promise<Response> {
    return new Promise((resolve) => {
      const waiter = this.#nextWaiter++
      this.#waiting.set(waiter, resolve)
      try {
        ask(waiter)
      } catch (error) {
        this.#waiting.delete(waiter)
        throw error
      }
    })
  }

  /** Takes the waiters off the list now; what comes back sends the answers, or the refusal. */
  take(owed: readonly Owed<Response>[]): { readonly send: () => void; readonly refuse: () => void } {
    const due = owed.map(({ waiter, response }) => {
      const resolve = this.#waiting.get(waiter)
      if (resolve === undefined) throw new Error(`request ${waiter} is answered twice`)
      this.#waiting.delete(waiter)
      return { resolve, response }
    })
    return {
      send: () => {
        for (const { resolve, response } of due) resolve(response)
      },
      refuse: () => {
        for (const { resolve } of due) resolve(this.#refusal)
      }
    }
  }

  refuseAll(): void {
    const waiting = [...this.#waiting.values()]
    this.#waiting.clear()
    for (const resolve of waiting) resolve(this.#refusal)
  }
}
