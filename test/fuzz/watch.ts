/** Runs a target in a thread, and ends it when one of its inputs does not end. */
import { Worker } from 'node:worker_threads'
import type { Outcome } from './fuzz.ts'

export interface Order {
  readonly target: string
  readonly inputs: number
  readonly seed: number
  readonly shared: SharedArrayBuffer
}

/** No input of ours takes a hundredth of it. */
const noInputTakesMs = 30_000
const longestInputBytes = 1024 * 1024
const headBytes = 8

/** A thread does not inherit what makes Node read TypeScript. */
const startOfWorker = `
  import('tsx/esm/api').then(({ register }) => {
    register()
    return import(${JSON.stringify(new URL('./worker.ts', import.meta.url).href)})
  })
`

/** The input that runs, in memory that both threads see: how many there were, its size, its bytes. */
export class Watched {
  readonly #head: Int32Array
  readonly #bytes: Uint8Array

  constructor(shared: SharedArrayBuffer) {
    this.#head = new Int32Array(shared, 0, 2)
    this.#bytes = new Uint8Array(shared, headBytes)
  }

  begin(input: Buffer): void {
    const sizeBytes = Math.min(input.length, longestInputBytes)
    this.#bytes.set(input.subarray(0, sizeBytes))
    this.#head[1] = sizeBytes
    Atomics.add(this.#head, 0, 1)
  }

  get begun(): number {
    return Atomics.load(this.#head, 0)
  }

  get input(): Buffer {
    return Buffer.from(this.#bytes.slice(0, this.#head[1]))
  }
}

export function fuzzInThread(order: Omit<Order, 'shared'>, hangMs = noInputTakesMs): Promise<Outcome> {
  const shared = new SharedArrayBuffer(headBytes + longestInputBytes)
  const watched = new Watched(shared)
  const worker = new Worker(startOfWorker, { eval: true, workerData: { ...order, shared } })
  return new Promise((resolve, reject) => {
    let begun = -1
    const watch = setInterval(() => {
      if (watched.begun === begun) {
        resolve(hung(watched, hangMs))
        void worker.terminate()
      }
      begun = watched.begun
    }, hangMs)
    worker.once('message', resolve)
    worker.once('error', reject)
    worker.once('exit', () => clearInterval(watch))
  })
}

function hung({ begun: inputs, input }: Watched, hangMs: number): Outcome {
  const finding = { why: `it has not ended after ${hangMs / 1000} s`, inputs: [input] }
  return { inputs, finding, kept: 0, functions: 0, growthBytes: 0, slowestMs: hangMs }
}
