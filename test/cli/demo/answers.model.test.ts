/**
 * One answer for each question, whatever happens to those who answer: a model of members that read, write and commit the same partition
 * all at once, freeze, crash at any step, lose the partition and get it back, and whose requests arrive late, twice, or without an answer
 * coming back.
 *
 * Nobody is kept from working on the partition at any moment: that is more than a group ever allows, and the log alone must hold.
 */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  answersTo,
  heldSince,
  nothingYet,
  type Progress,
  progressAfter,
  type Question,
  sequenceOf
} from '../../../src/cli/demo/member/answers.ts'
import * as fc from '../../harness/properties.ts'

interface Written {
  readonly answers: number
  readonly number: number
  readonly content: string
}

/** As Kafka keeps a partition's producer: the last five batches are known again, and any other must follow on. */
class ModelLog {
  readonly records: Written[] = []
  readonly checksSequences: boolean
  #batches: { first: number; last: number }[] = []

  constructor(checksSequences: boolean) {
    this.checksSequences = checksSequences
  }

  append(batch: readonly Written[]): 'written' | 'refused' {
    const first = sequenceOf(batch[0]?.number ?? 0)
    const last = sequenceOf(batch.at(-1)?.number ?? 0)
    if (this.checksSequences) {
      if (this.#batches.some((known) => known.first === first && known.last === last)) return 'written'
      const before = this.#batches.at(-1)?.last
      if (before !== undefined && first !== before + 1) return 'refused'
    }
    this.#batches = [...this.#batches.slice(-4), { first, last }]
    this.records.push(...batch)
    return 'written'
  }

  progress(): Progress {
    const last = this.records.at(-1)
    return last === undefined ? nothingYet : progressAfter(last)
  }
}

interface Request {
  readonly batch: readonly Written[]
  /** What came back to the member; undefined: nothing so far. */
  outcome?: 'written' | 'refused' | 'unknown'
}

interface World {
  readonly log: ModelLog
  /** Which inputs ask for an answer. */
  readonly inputs: readonly boolean[]
  committed: number
  readonly inFlight: Request[]
}

type Holding = typeof heldSince

/** One partition is enough: nothing that happens in one depends on another. */
const partition = 'p'

class Member {
  readonly #world: World
  readonly #sizes: Sizes
  readonly #held: Holding
  readonly #positions = new Map<string, { next: number }>()
  readonly #life: Generator<void, void>
  #progress: Progress = nothingYet
  #isAssigned = true

  constructor(world: World, sizes: Sizes, held: Holding) {
    this.#world = world
    this.#sizes = sizes
    this.#held = held
    this.#life = this.#live()
  }

  /** Whether there is more to come. */
  step(): boolean {
    return this.#life.next().done !== true
  }

  /** The group took the partition away, or gave it back; the member learns of it when it looks. */
  assign(what: 'taken away' | 'given back'): void {
    this.#isAssigned = what === 'given back'
  }

  *#live(): Generator<void, void> {
    for (;;) {
      yield* this.#follow()
      const position = this.#positions.get(partition)
      if (position === undefined) {
        yield
        continue
      }
      if (position.next >= this.#world.inputs.length) return
      const first = position.next
      const end = Math.min(this.#world.inputs.length, first + this.#sizes.chunk)
      const offsets = Array.from({ length: end - first }, (_, index) => first + index)
      position.next = end
      const then = new Map(this.#positions)
      yield
      for (let at = 0; at < offsets.length; at += this.#sizes.portion) {
        const portion = offsets.slice(at, at + this.#sizes.portion)
        const ours = this.#held(portion, () => partition, then, this.#positions)
        yield* this.#answer(ours)
        const last = ours.at(-1)
        if (last !== undefined) this.#world.committed = last + 1
        yield
        yield* this.#follow()
      }
    }
  }

  *#follow(): Generator<void, void> {
    if (!this.#isAssigned) this.#positions.delete(partition)
    else if (!this.#positions.has(partition)) {
      const committed = this.#world.committed
      yield
      this.#progress = this.#world.log.progress()
      this.#positions.set(partition, { next: Math.max(committed, this.#progress.answered + 1) })
      yield
    }
  }

  *#answer(offsets: readonly number[]): Generator<void, void> {
    const questions: Question<string>[] = offsets
      .filter((offset) => this.#world.inputs[offset])
      .map((offset) => ({ offset, content: `answer to ${offset}` }))
    for (;;) {
      const owed = answersTo(this.#progress, questions)
      const last = owed.at(-1)
      if (last === undefined) return
      const request: Request = { batch: owed }
      this.#world.inFlight.push(request)
      while (request.outcome === undefined) yield
      if (request.outcome === 'written') {
        this.#progress = progressAfter(last)
        return
      }
      this.#progress = this.#world.log.progress()
      yield
    }
  }
}

type Happening =
  | { readonly kind: 'step'; readonly member: number }
  | { readonly kind: 'crash' | 'taken away' | 'given back'; readonly member: number }
  | { readonly kind: 'deliver' | 'deliver twice' | 'deliver, and lose the answer' | 'lose'; readonly request: number }

const memberCount = 3
const which = fc.nat(memberCount - 1)
const happenings: fc.Arbitrary<Happening> = fc.oneof(
  { weight: 12, arbitrary: fc.record({ kind: fc.constant('step' as const), member: which }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constantFrom('crash' as const, 'taken away' as const, 'given back' as const),
      member: which
    })
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constantFrom(
        'deliver' as const,
        'deliver' as const,
        'deliver twice' as const,
        'deliver, and lose the answer' as const,
        'lose' as const
      ),
      request: fc.nat(5)
    })
  }
)

interface Sizes {
  /** How much is read at once, and how much of that is answered at once. */
  readonly chunk: number
  readonly portion: number
}

interface Run {
  readonly inputs: readonly boolean[]
  readonly sizes: Sizes
  readonly happenings: readonly Happening[]
}

const runs: fc.Arbitrary<Run> = fc.record({
  inputs: fc.array(fc.boolean(), { minLength: 1, maxLength: 12, size: 'max' }),
  sizes: fc.record({ chunk: fc.integer({ min: 1, max: 8 }), portion: fc.integer({ min: 1, max: 4 }) }),
  // As long as it says: by itself an array stays short.
  happenings: fc.array(happenings, { maxLength: 250, size: 'max' })
})

function play({ inputs, sizes, happenings: all }: Run, log: ModelLog, held: Holding = heldSince): readonly Written[] {
  const world: World = { log, inputs, committed: 0, inFlight: [] }
  const born = () => new Member(world, sizes, held)
  const members = Array.from({ length: memberCount }, born)
  for (const happening of all) {
    if (happening.kind === 'step') members[happening.member]?.step()
    else if (happening.kind === 'crash') members[happening.member] = born()
    else if ('member' in happening) members[happening.member]?.assign(happening.kind)
    else happen(world, happening.kind, happening.request)
  }
  // In the end one is left alone; what was under way may still arrive, before it or behind its back.
  const survivor = born()
  for (let step = 0; survivor.step(); step++) {
    assert.ok(step < 10_000, 'the survivor never ends')
    if (world.inFlight.length > 0) happen(world, 'deliver', step)
  }
  while (world.inFlight.length > 0) happen(world, 'deliver', 0)
  return log.records
}

function happen(world: World, kind: Extract<Happening, { request: number }>['kind'], index: number): void {
  const [request] = world.inFlight.splice(index % Math.max(1, world.inFlight.length), 1)
  if (request === undefined) return
  if (kind === 'lose') {
    request.outcome = 'unknown'
    return
  }
  const outcome = world.log.append(request.batch)
  if (kind === 'deliver twice') world.log.append(request.batch)
  request.outcome = kind === 'deliver, and lose the answer' ? 'unknown' : outcome
}

function expected(inputs: readonly boolean[]): Written[] {
  return inputs
    .flatMap((asks, offset) => (asks ? [offset] : []))
    .map((offset, number) => ({ answers: offset, number, content: `answer to ${offset}` }))
}

test('every question has exactly one answer, in order, through crashes, zombies, lost and repeated requests', () => {
  fc.assert(
    fc.property(runs, (run) => assert.deepEqual(play(run, new ModelLog(true)), expected(run.inputs))),
    { numRuns: 5000 }
  )
})

test('the model would see a doubled answer: without sequence numbers there are some', () => {
  const result = fc.check(
    fc.property(runs, (run) => assert.deepEqual(play(run, new ModelLog(false)), expected(run.inputs))),
    { numRuns: 5000, endOnFailure: true }
  )
  assert.equal(result.failed, true)
})

test('the model would see a lost answer: who goes on with what was read before the partition came back loses some', () => {
  const whateverIsHeldNow: Holding = (read, nameOf, _, now) => read.filter((one) => now.has(nameOf(one)))
  const result = fc.check(
    fc.property(runs, (run) =>
      assert.deepEqual(play(run, new ModelLog(true), whateverIsHeldNow), expected(run.inputs))
    ),
    { numRuns: 5000, endOnFailure: true }
  )
  assert.equal(result.failed, true)
})

test('answers are numbered on from those that are there, and what is answered is passed over', () => {
  const questions = [3, 5, 9].map((offset) => ({ offset, content: offset }))
  assert.deepEqual(answersTo(nothingYet, questions), [
    { answers: 3, number: 0, content: 3 },
    { answers: 5, number: 1, content: 5 },
    { answers: 9, number: 2, content: 9 }
  ])
  assert.deepEqual(answersTo({ answered: 5, written: 41 }, questions), [{ answers: 9, number: 41, content: 9 }])
  assert.deepEqual(answersTo({ answered: 9, written: 42 }, questions), [])
})

test('sequence numbers begin again after the largest that Kafka has', () => {
  assert.deepEqual([2 ** 31 - 1, 2 ** 31, 2 ** 31 + 5].map(sequenceOf), [2 ** 31 - 1, 0, 5])
})
