/**
 * kfake as a process: the broker that franz-go brings for tests, in Go, in memory. Where there is neither the binary nor Go,
 * its column is left out.
 */
import type { BrokerProcess } from '../../test/harness/broker-process.ts'
import { LineProcess } from '../../test/harness/child-process.ts'
import { GoProgram } from '../../test/harness/go-program.ts'
import { waitForMetadata } from '../../test/harness/wire.ts'

export const kfake = new GoProgram(import.meta.dirname)

const START_TIMEOUT_MS = 20_000

export async function startKfake(): Promise<BrokerProcess> {
  const startedAt = performance.now()
  const child = new LineProcess(kfake.binary, [])
  const find = (lines: readonly string[]) => lines.find((line) => line.startsWith('ready '))
  const ready = await child.until(find, 'ready', START_TIMEOUT_MS)
  const bootstrap = ready.slice('ready '.length)
  await waitForMetadata(bootstrap, START_TIMEOUT_MS, () => child.isAlive)
  const stop = async () => {
    await child.stop()
  }
  return {
    kind: 'kfake',
    bootstrap,
    pid: child.pid,
    dataDirectory: null,
    startMs: performance.now() - startedAt,
    get isAlive() {
      return child.isAlive
    },
    log: () => child.stderr,
    stop,
    kill: () => child.kill(),
    [Symbol.asyncDispose]: stop
  }
}
