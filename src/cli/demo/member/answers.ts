/**
 * How a service that is killed, restarted and pushed aside says each thing exactly once, without transactions.
 *
 * The output itself remembers. Each event carries the offset of the input it answers, so that its last event in a partition says how
 * far the service has come there: one offset and one count, however long the log is. Whoever gets a partition reads that first.
 *
 * That alone would not do: a member that was frozen, or whose request is still on its way, may write after its successor has looked.
 * So the count is also the **sequence number** of the producer, and all members of a service write as one and the same producer (one id, which
 * is asked for once). The broker takes event number 7 of a producer in a partition only after number 6, and only once (KIP-98):
 * of two members that both want to write number 7, one is refused, and looks again. What number 7 is, both agree on, because the
 * questions of a partition stand in one order for everyone. No clock, no lease: comparing and writing is one step, in the log.
 */
import type { Answering } from '../events.ts'

/** What the output says about how far its service has come in one partition. */
export interface Progress {
  /** The last input that is answered; -1 for none. */
  readonly answered: number
  /** How many answers stand in the output, which is the number of the next. */
  readonly written: number
}

export const nothingYet: Progress = { answered: -1, written: 0 }

/** An input that asks for an answer, and what the answer is to say. */
export interface Question<Content> {
  readonly offset: number
  readonly content: Content
}

export type Answer<Content> = Answering & { readonly content: Content }

/** The answers still owed, numbered; inputs that are answered already are passed over. */
export function answersTo<Content>(progress: Progress, questions: readonly Question<Content>[]): Answer<Content>[] {
  return questions
    .filter((question) => question.offset > progress.answered)
    .map(({ offset, content }, index) => ({ answers: offset, number: progress.written + index, content }))
}

/**
 * Of what was read, that of partitions that were held without a break since. One that was lost and came back is read again from where it
 * stands by now: to go on in the middle of what was read before would pass over what lies between.
 */
export function heldSince<Read, Position>(
  read: readonly Read[],
  nameOf: (one: Read) => string,
  then: ReadonlyMap<string, Position>,
  now: ReadonlyMap<string, Position>
): Read[] {
  return read.filter((one) => {
    const position = now.get(nameOf(one))
    return position !== undefined && position === then.get(nameOf(one))
  })
}

export function progressAfter(last: Answering): Progress {
  return { answered: last.answers, written: last.number + 1 }
}

/** A producer's sequence numbers begin again at 0 after 2³¹ - 1. */
export function sequenceOf(number: number): number {
  return number % 2 ** 31
}
