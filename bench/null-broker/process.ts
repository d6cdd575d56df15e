/** Starts the null broker as a process, as the other contenders are. */
import { join } from 'node:path'
import type { BrokerProcess } from '../../test/harness/broker-process.ts'
import { LineProcess } from '../../test/harness/child-process.ts'
import { projectDirectory } from '../../test/harness/paths.ts'

const START_TIMEOUT_MS = 20_000

export async function startNullBroker(recordBytes: number, partitions = 1): Promise<BrokerProcess> {
  const startedAt = performance.now()
  const main = join(projectDirectory, 'bench', 'null-broker', 'main.ts')
  const child = new LineProcess(process.execPath, ['--import', 'tsx', main, String(recordBytes), String(partitions)])
  const find = (lines: readonly string[]) => lines.find((line) => line.startsWith('ready '))
  const ready = await child.until(find, 'ready', START_TIMEOUT_MS)
  const stop = async () => {
    await child.stop()
  }
  return {
    kind: 'null',
    bootstrap: `127.0.0.1:${ready.split(' ')[1]}`,
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
