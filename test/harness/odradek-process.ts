/** Odradek as a user runs it: `odradek serve` in a process of its own, ready when it says so on stdout. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { BrokerOptions, BrokerProcess } from './broker-process.ts'
import { LineProcess } from './child-process.ts'
import { projectDirectory, temporaryDirectory } from './paths.ts'
import type { Tool } from './tools.ts'
import { waitForMetadata } from './wire.ts'

const START_TIMEOUT_MS = 60_000
const main = join(projectDirectory, 'dist', 'cli', 'main.js')

export interface OdradekOptions extends BrokerOptions {
  /** Where records lie: a directory (the default, a temporary one if none is named) or memory only. */
  readonly storage?: 'directory' | 'memory'
  readonly durability?: 'disk' | 'os'
  /** How many brokers the process serves; one without it. `bootstrap` is the first. */
  readonly brokers?: number
  /** Where each of several stands. */
  readonly racks?: readonly string[]
  /** `name:partitions`, created at the start. */
  readonly topics?: readonly string[]
  /** For Node itself, such as a limit on its heap. */
  readonly nodeArguments?: readonly string[]
  /** How many files the process may have open (ulimit -n). */
  readonly openFilesMax?: number
  /** The command of another build of Odradek. */
  readonly main?: string
}

/** The built command, or why there is none. */
export function odradek(): Tool {
  return existsSync(main) ? { found: main } : { missing: 'odradek is not built (npm run build)' }
}

export async function startOdradek(options: OdradekOptions = {}): Promise<BrokerProcess> {
  const scratch = options.dataDirectory || options.storage === 'memory' ? null : temporaryDirectory('serve')
  const dataDirectory = options.dataDirectory ?? scratch?.path ?? null
  const timeoutMs = options.startTimeoutMs ?? START_TIMEOUT_MS
  const startedAt = performance.now()
  const command = [
    ...limitedTo(options.openFilesMax),
    process.execPath,
    ...(options.nodeArguments ?? []),
    options.main ?? main,
    ...serveArguments(options, dataDirectory)
  ]
  const [program = '', ...args] = command
  const child = new LineProcess(program, args)
  const log = () => [...child.lines.slice(-30), child.stderr.slice(-6000)].join('\n')
  try {
    const bootstrap = await child.until(findReady, 'the line that says it is ready', timeoutMs)
    await waitForMetadata(bootstrap, timeoutMs, () => child.isAlive)
    const startMs = performance.now() - startedAt
    const stop = async () => {
      await child.stop()
      scratch?.remove()
    }
    return {
      kind: 'odradek',
      bootstrap,
      pid: child.pid,
      dataDirectory,
      startMs,
      get isAlive() {
        return child.isAlive
      },
      log,
      stop,
      kill: () => child.kill(),
      [Symbol.asyncDispose]: stop
    }
  } catch (error) {
    await child.kill()
    scratch?.remove()
    throw error
  }
}

/** A shell that becomes the process, with as many files as it may open: Node itself raises the limit as far as it may. */
function limitedTo(openFilesMax: number | undefined): string[] {
  return openFilesMax === undefined ? [] : ['sh', '-c', `ulimit -n ${openFilesMax} && exec "$0" "$@"`]
}

function serveArguments(options: OdradekOptions, dataDirectory: string | null): string[] {
  const args = ['serve', '--port', String(options.port ?? 0)]
  if (dataDirectory === null) args.push('--memory')
  else args.push('--data', dataDirectory)
  if (options.brokers) args.push('--brokers', String(options.brokers))
  if (options.racks) args.push('--racks', options.racks.join())
  if (options.durability) args.push('--durability', options.durability)
  for (const topic of options.topics ?? []) args.push('--topic', topic)
  for (const [name, value] of Object.entries(options.configs ?? {})) args.push('--config', `${name}=${value}`)
  return args
}

function findReady(lines: readonly string[]): string | undefined {
  for (const line of lines) {
    if (!line.startsWith('{')) continue
    const parsed: unknown = JSON.parse(line)
    if (typeof parsed !== 'object' || parsed === null || !('event' in parsed) || parsed.event !== 'ready') continue
    if ('brokers' in parsed && Array.isArray(parsed.brokers)) return String(parsed.brokers[0])
  }
  return undefined
}
