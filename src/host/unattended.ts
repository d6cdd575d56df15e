/**
 * Work that nobody waits for. Whatever it may come to is its own affair; what it throws besides is a mistake of ours, and comes to light as
 * that of a timer does: whoever gave the clock hears of it (guarded-clock.ts).
 */
import type { Clock } from './clock.ts'

type Kind = new (...parts: never[]) => Error

/** Nobody waits for how this ends. Errors of the kinds that are named are no mistake: it is tried again, or others are told of them. */
export function unattended(clock: Clock, work: Promise<unknown>, ...expected: readonly Kind[]): void {
  work.catch((error: unknown) => {
    if (!expected.some((kind) => error instanceof kind)) surface(clock, error)
  })
}

/** Done when what runs now has come to its end, before any timer or packet. */
export function atEndOfTurn(clock: Clock, work: () => void): void {
  queueMicrotask(() => {
    try {
      work()
    } catch (error) {
      surface(clock, error)
    }
  })
}

/** A mistake of ours, where it cannot be thrown: others were told what concerns them. */
export function surface(clock: Clock, mistake: unknown): void {
  clock.after(0, () => {
    throw mistake
  })
}
