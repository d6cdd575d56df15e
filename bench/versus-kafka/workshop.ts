/**
 * Where a run keeps what it needs while it runs: one temporary directory around all others, which goes with the run, however
 * that ends. Large logs of a run that was interrupted would otherwise fill the disk.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { BrokerProcess } from '../../test/harness/broker-process.ts'

/** As a shell tells of a program that Ctrl-C ended. */
const EXIT_INTERRUPTED = 130

const processes = new Set<number>()

/** From here on every temporary directory of this process and its children lies in the workshop. */
export function openWorkshop(): void {
  const directory = mkdtempSync(join(tmpdir(), 'odradek-bench-'))
  process.env.TMPDIR = directory
  process.on('exit', () => rmSync(directory, { recursive: true, force: true, maxRetries: 3 }))
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      for (const pid of processes) killNow(pid)
      process.exit(EXIT_INTERRUPTED)
    })
  }
}

/** A broker that must not outlive the run. Its id is given back when it has ended: it could be another's by then. */
export function watched(broker: BrokerProcess): BrokerProcess {
  const { pid } = broker
  processes.add(pid)
  const ended = (end: () => Promise<void>) => async (): Promise<void> => {
    await end()
    processes.delete(pid)
  }
  const [stop, kill] = [ended(() => broker.stop()), ended(() => broker.kill())]
  return {
    kind: broker.kind,
    bootstrap: broker.bootstrap,
    pid,
    dataDirectory: broker.dataDirectory,
    startMs: broker.startMs,
    get isAlive() {
      return broker.isAlive
    },
    log: () => broker.log(),
    stop,
    kill,
    [Symbol.asyncDispose]: stop
  }
}

function killNow(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It has ended by itself.
  }
}
