/**
 * One answer for each question, whatever happens to those who answer: a model of members that read, write and commit the same partition
 * all at once, freeze, crash at any step, and whose requests arrive late, twice, or without an answer coming back.
 *
 * Nobody is kept from working on the partition at any moment: that is more than a group ever allows, and the log alone must hold.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  answersTo,
  nothingYet,
  type Progress,
  progressAfter,
  type Question,
  sequenceOf
} from '../../../src/cli/demo/member/answers.ts'

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

/** A member's life, a step at a time; it is done when it has read everything. */
function* memberLife(world: World, chunkMax: number): Generator<void, void> {
  let progress = world.log.progress()
  yield
  let position = Math.max(world.committed, progress.answered + 1)
  while (position < world.inputs.length) {
    const end = Math.min(world.inputs.length, position + chunkMax)
    const questions: Question<string>[] = []
    for (let offset = position; offset < end; offset++) {
      if (world.inputs[offset]) questions.push({ offset, content: `answer to ${offset}` })
    }
    yield
    for (;;) {
      const owed = answersTo(progress, questions)
      const last = owed.at(-1)
      if (last === undefined) break
      const request: Request = { batch: owed }
      world.inFlight.push(request)
      while (request.outcome === undefined) yield
      if (request.outcome === 'written') {
        progress = progressAfter(last)
        break
      }
      progress = world.log.progress()
      yield
    }
    position = end
    yield
    world.committed = position
    yield
  }
}

type Happening =
  | { readonly kind: 'step'; readonly member: number }
  | { readonly kind: 'crash'; readonly member: number }
  | { readonly kind: 'deliver' | 'deliver twice' | 'deliver, and lose the answer' | 'lose'; readonly request: number }

const memberCount = 3
const which = fc.nat(memberCount - 1)
const happenings: fc.Arbitrary<Happening> = fc.oneof(
  { weight: 12, arbitrary: fc.record({ kind: fc.constant('step' as const), member: which }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('crash' as const), member: which }) },
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

interface Run {
  readonly inputs: readonly boolean[]
  readonly chunkMax: number
  readonly happenings: readonly Happening[]
}

const runs: fc.Arbitrary<Run> = fc.record({
  inputs: fc.array(fc.boolean(), { minLength: 1, maxLength: 12 }),
  chunkMax: fc.integer({ min: 1, max: 4 }),
  happenings: fc.array(happenings, { maxLength: 250 })
})

function play({ inputs, chunkMax, happenings: all }: Run, log: ModelLog): readonly Written[] {
  const world: World = { log, inputs, committed: 0, inFlight: [] }
  const born = () => memberLife(world, chunkMax)
  const members = Array.from({ length: memberCount }, born)
  for (const happening of all) {
    if (happening.kind === 'step') members[happening.member]?.next()
    else if (happening.kind === 'crash') members[happening.member] = born()
    else happen(world, happening.kind, happening.request)
  }
  // In the end one is left alone; what was under way may still arrive, before it or behind its back.
  const survivor = born()
  for (let step = 0; !survivor.next().done; step++) {
    assert.ok(step < 10_000, 'the survivor never ends')
    if (world.inFlight.length > 0) happen(world, 'deliver', step)
  }
  while (world.inFlight.length > 0) happen(world, 'deliver', 0)
  return log.records
}

function happen(world: World, kind: Exclude<Happening, { member: number }>['kind'], index: number): void {
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
    { numRuns: 5000 }
  )
  assert.ok(result.failed)
})

test('the model would see a lost answer: who trusts the committed offset before writing loses some', () => {
  const result = fc.check(
    fc.property(runs, (run) => {
      const log = new ModelLog(true)
      // A commit before the write, and a crash between the two.
      const world: World = { log, inputs: run.inputs, committed: run.inputs.length, inFlight: [] }
      for (const _ of memberLife(world, run.chunkMax)) if (world.inFlight.length > 0) happen(world, 'deliver', 0)
      assert.deepEqual(log.records, expected(run.inputs))
    })
  )
  assert.ok(result.failed)
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
