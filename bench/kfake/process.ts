/**
 * kfake as a process: the broker that franz-go brings for tests, in Go, in memory. Built here once with the Go toolchain,
 * into `.cache`; where there is neither the binary nor Go, its column is left out.
 */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { BrokerProcess } from '../../test/harness/broker-process.ts'
import { LineProcess } from '../../test/harness/child-process.ts'
import { cacheDirectory, projectDirectory } from '../../test/harness/paths.ts'
import type { Tool } from '../../test/harness/tools.ts'
import { waitForMetadata } from '../../test/harness/wire.ts'

const START_TIMEOUT_MS = 20_000
const BUILD_TIMEOUT_MS = 300_000
const source = join(projectDirectory, 'bench', 'kfake')
const built = join(cacheDirectory, 'bench', 'kfake')
const binary = join(built, 'kfake')
const stamp = join(built, 'built-from')

function sourceText(): string {
  return ['main.go', 'go.mod', 'go.sum'].map((name) => readFileSync(join(source, name), 'utf8')).join('\n')
}

/** The binary, when it is built already. */
export function kfake(): Tool {
  const isBuilt = existsSync(binary) && existsSync(stamp) && readFileSync(stamp, 'utf8') === sourceText()
  return isBuilt ? { found: binary } : { missing: 'kfake is not built (it needs Go; a full run builds it)' }
}

/** Builds it where Go is installed; gives why not when that fails. */
export function buildKfake(): string | null {
  if ('found' in kfake()) return null
  mkdirSync(built, { recursive: true })
  try {
    execFileSync('go', ['build', '-o', binary, '.'], { cwd: source, timeout: BUILD_TIMEOUT_MS, stdio: 'pipe' })
    writeFileSync(stamp, sourceText())
    return null
  } catch (error) {
    return `kfake was not built: ${error instanceof Error ? error.message : String(error)}`
  }
}

export async function startKfake(): Promise<BrokerProcess> {
  const startedAt = performance.now()
  const child = new LineProcess(binary, [])
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
