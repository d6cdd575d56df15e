/**
 * The loop of every fuzzer: inputs are made of those that reached something new before, and those that reach something new are kept.
 * The same seed makes the same inputs.
 */
import { setImmediate } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { SeededChance } from '../../src/host/memory/chance.ts'
import { Coverage, Seen } from './coverage.ts'
import { mutate } from './mutate.ts'
import { inputsPerReset, type Target } from './target.ts'

export interface Options {
  readonly inputs: number
  readonly seed: number
  /** Told of each input before it runs: who watches from outside sees one that does not end. */
  readonly begin?: (input: Buffer) => void
}

/** What went wrong, and the inputs since the target was new that lead there: as few as that takes. */
export interface Finding {
  readonly why: string
  readonly inputs: readonly Buffer[]
}

export interface Outcome {
  readonly inputs: number
  readonly finding: Finding | null
  /** Inputs that are kept, and functions that were reached. */
  readonly kept: number
  readonly functions: number
  /** Memory that lies in objects and buffers, after the seeds and at the end. */
  readonly growthBytes: number
  readonly slowestMs: number
}

const batchInputs = 500
/** A pause of the machine takes some of it; more is a finding. */
export const slowMs = 5_000
const newest = 50

setFlagsFromString('--expose-gc')
const collectGarbage: () => void = runInNewContext('gc')

export async function fuzz(target: Target, options: Options): Promise<Outcome> {
  const run = new Run(target, options)
  try {
    return await run.all()
  } finally {
    run.end()
  }
}

class Run {
  readonly #target: Target
  readonly #options: Options
  readonly #chance: SeededChance
  readonly #coverage = new Coverage()
  readonly #seen = new Seen()
  readonly #kept: Buffer[] = []
  /** Since the target was reset. */
  #since: Buffer[] = []
  #finding: Finding | null = null
  #inputs = 0
  #slowestMs = 0

  constructor(target: Target, options: Options) {
    this.#target = target
    this.#options = options
    this.#chance = new SeededChance(options.seed)
  }

  async all(): Promise<Outcome> {
    await this.#target.reset()
    const seeds = await this.#target.seeds()
    this.#kept.push(...seeds)
    await this.#runBatch(seeds)
    this.#seen.add(this.#coverage.take())
    const usedBytes = await this.#usedBytes()
    while (this.#inputs < this.#options.inputs && this.#finding === null) await this.#searchNews(this.#mutants())
    const growthBytes = (await this.#usedBytes()) - usedBytes
    return {
      inputs: this.#inputs,
      finding: this.#finding === null ? null : await this.#smallest(this.#finding),
      kept: this.#kept.length,
      functions: this.#seen.functions,
      growthBytes,
      slowestMs: this.#slowestMs
    }
  }

  end(): void {
    this.#coverage.end()
  }

  async #usedBytes(): Promise<number> {
    if (this.#finding === null) await this.#reset()
    await setImmediate()
    collectGarbage()
    const { heapUsed, external } = process.memoryUsage()
    return heapUsed + external
  }

  #mutants(): Buffer[] {
    const length = Math.min(batchInputs, this.#options.inputs - this.#inputs)
    return Array.from({ length }, () => mutate(this.#pick(), this.#chance, this.#pick()))
  }

  /** Half of the time one of those that were found last. */
  #pick(): Buffer {
    const among = this.#chance.below(2) === 0 ? Math.min(newest, this.#kept.length) : this.#kept.length
    return this.#kept[this.#kept.length - 1 - this.#chance.below(among)] ?? Buffer.alloc(0)
  }

  /** Keeps the inputs of the batch that reach what none before has reached. */
  async #searchNews(batch: readonly Buffer[]): Promise<void> {
    // What is put off to the end of a turn (closing a decompressor) comes to its end.
    await setImmediate()
    await this.#runBatch(batch)
    const report = this.#coverage.take()
    if (this.#finding !== null || !this.#seen.hasNews(report)) return
    const half = Math.ceil(batch.length / 2)
    if (batch.length === 1) this.#kept.push(...batch)
    else for (const part of [batch.slice(0, half), batch.slice(half)]) await this.#searchNews(part)
    this.#seen.add(report)
  }

  async #runBatch(batch: readonly Buffer[]): Promise<void> {
    for (const input of batch) {
      if (this.#since.length === inputsPerReset) await this.#reset()
      if (this.#finding !== null) return
      this.#inputs += 1
      this.#since.push(input)
      await this.#runOne(input)
    }
  }

  async #reset(): Promise<void> {
    try {
      await this.#target.reset()
    } catch (error) {
      this.#finding ??= { why: textOf(error), inputs: this.#since }
    }
    this.#since = []
  }

  async #runOne(input: Buffer): Promise<void> {
    const why = await this.#objection(input)
    if (why !== null) this.#finding = { why, inputs: [...this.#since] }
  }

  async #objection(input: Buffer): Promise<string | null> {
    this.#options.begin?.(input)
    const startedMs = performance.now()
    try {
      const running = this.#target.run(input)
      if (running !== undefined) await running
    } catch (error) {
      return textOf(error)
    }
    const tookMs = performance.now() - startedMs
    this.#slowestMs = Math.max(this.#slowestMs, tookMs)
    return tookMs > slowMs ? `it took ${Math.round(tookMs)} ms` : null
  }

  /** Leaves out inputs, then bytes, as long as something goes wrong. */
  async #smallest(finding: Finding): Promise<Finding> {
    let { why, inputs } = finding
    const last = inputs.slice(-1)
    inputs = (await this.#fails(last)) === null ? inputs : last
    for (let index = inputs.length - 2; index >= 0; index--) {
      const fewer = inputs.toSpliced(index, 1)
      if ((await this.#fails(fewer)) !== null) inputs = fewer
    }
    for (const [index, input] of inputs.entries()) {
      for (let size = input.length >> 1; size > 0; size >>= 1) inputs = await this.#withoutPieces(inputs, index, size)
    }
    why = (await this.#fails(inputs)) ?? why
    return { why, inputs }
  }

  async #withoutPieces(inputs: readonly Buffer[], index: number, size: number): Promise<readonly Buffer[]> {
    let smallest = inputs
    for (let from = 0; from + size <= (smallest[index]?.length ?? 0); ) {
      const input = smallest[index] ?? Buffer.alloc(0)
      const shorter = smallest.with(index, Buffer.concat([input.subarray(0, from), input.subarray(from + size)]))
      if ((await this.#fails(shorter)) === null) from += size
      else smallest = shorter
    }
    return smallest
  }

  async #fails(inputs: readonly Buffer[]): Promise<string | null> {
    return await failureOf(this.#target, inputs)
  }
}

/** Why these inputs fail on a target that is new; null when they do not. */
export async function failureOf(target: Target, inputs: readonly Buffer[]): Promise<string | null> {
  try {
    await target.reset().catch(() => target.reset())
    for (const input of inputs) await target.run(input)
    await target.reset()
    return null
  } catch (error) {
    return textOf(error)
  }
}

function textOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}
