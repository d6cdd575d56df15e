/** Many seeds in several processes, one for each processor. A seed that does not come to its end is told as a failure. */
import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Outcome } from './simulate.ts'

const workerPath = fileURLToPath(new URL('worker.ts', import.meta.url))
/** Of one seed, on a machine that has more to do: ordinary ones take a second. */
const longestMs = 120_000

/** What became of a seed; without an outcome it did not end. */
export interface Result {
  readonly seed: number
  readonly outcome: Outcome | null
}

/** Hands on each result as it comes; `onResult` says whether to go on. */
export async function runSeeds(
  seeds: { readonly first: number; readonly last: number; readonly steps: number; readonly jobs: number },
  onResult: (result: Result) => 'go on' | 'stop'
): Promise<void> {
  let next = seeds.first
  let isStopped = false
  const work = async (): Promise<void> => {
    let worker = startWorker()
    while (!isStopped && next <= seeds.last) {
      const seed = next++
      const outcome = await oneSeed(worker, seed, seeds.steps)
      if (outcome === null) {
        worker.kill('SIGKILL')
        worker = startWorker()
      }
      if (onResult({ seed, outcome }) === 'stop') isStopped = true
    }
    worker.kill()
  }
  const jobs = Math.min(seeds.jobs, seeds.last - seeds.first + 1)
  await Promise.all(Array.from({ length: jobs }, work))
}

function startWorker(): ChildProcess {
  return fork(workerPath, [], { execArgv: ['--import', 'tsx'], stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
}

function oneSeed(worker: ChildProcess, seed: number, steps: number): Promise<Outcome | null> {
  return new Promise((resolve) => {
    const end = (outcome: Outcome | null): void => {
      clearTimeout(timer)
      worker.off('message', onMessage)
      worker.off('exit', onExit)
      resolve(outcome)
    }
    const onMessage = (outcome: Outcome): void => end(outcome)
    const onExit = (): void => end(null)
    const timer = setTimeout(() => end(null), longestMs)
    worker.on('message', onMessage)
    worker.on('exit', onExit)
    worker.send({ seed, steps })
  })
}
