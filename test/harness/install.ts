/**
 * Fetches what the tests need and a machine may not have: jars of Apache Kafka (Maven), confluent-kafka (pip), kcat (apt).
 * Runs only when ODRADEK_INSTALL=1; what is there already is left alone. `tools/test.ts` and `.ci/run` call it.
 */
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { run, runToSuccess } from './child-process.ts'
import { cacheDirectory, harnessDirectory } from './paths.ts'
import { confluentPython, java, kcat, maven } from './tools.ts'

export const CONFLUENT_KAFKA_VERSION = '2.12.1'
const FETCH_TIMEOUT_MS = 600_000

export async function installAll(report: (line: string) => void): Promise<void> {
  await installKcat(report)
  await installPython(report)
  await installJars('broker', report)
  await installJars('tools', report)
}

async function installKcat(report: (line: string) => void): Promise<void> {
  if ('found' in kcat()) return
  const isRoot = process.getuid?.() === 0
  if (!isRoot) return report('kcat is missing, and only root can install it (apt-get install kcat)')
  report('installing kcat')
  const env = { DEBIAN_FRONTEND: 'noninteractive' }
  await run('apt-get', ['update', '-qq'], { env, timeoutMs: FETCH_TIMEOUT_MS })
  await runToSuccess('apt-get', ['install', '-y', '-qq', '--no-install-recommends', 'kcat'], {
    env,
    timeoutMs: FETCH_TIMEOUT_MS
  })
}

async function installPython(report: (line: string) => void): Promise<void> {
  if ('found' in confluentPython()) return
  report(`installing confluent-kafka ${CONFLUENT_KAFKA_VERSION} for Python`)
  const directory = join(cacheDirectory, 'python')
  mkdirSync(cacheDirectory, { recursive: true })
  const venv = await run('python3', ['-m', 'venv', directory], { timeoutMs: FETCH_TIMEOUT_MS })
  if (venv.code !== 0) throw new Error(`python3 -m venv failed (Debian: apt-get install python3-venv)\n${venv.stderr}`)
  const pip = join(directory, 'bin', 'pip')
  const args = ['install', '--quiet', '--disable-pip-version-check', `confluent-kafka==${CONFLUENT_KAFKA_VERSION}`]
  await runToSuccess(pip, args, { timeoutMs: FETCH_TIMEOUT_MS })
}

async function installJars(set: 'broker' | 'tools', report: (line: string) => void): Promise<void> {
  const pom = join(harnessDirectory, 'java', set, 'pom.xml')
  const directory = join(cacheDirectory, 'java', set)
  const stamp = join(directory, 'pom.xml')
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === readFileSync(pom, 'utf8')) return
  if ('missing' in java() || 'missing' in maven()) return report(`jars of Apache Kafka's ${set} need Java and Maven`)
  report(`fetching the jars of Apache Kafka's ${set}`)
  mkdirSync(directory, { recursive: true })
  for (const name of readdirSync(directory)) rmSync(join(directory, name))
  const args = ['-q', '-B', '-f', pom, 'dependency:copy-dependencies', `-DoutputDirectory=${directory}`]
  await runToSuccess('mvn', args, { timeoutMs: FETCH_TIMEOUT_MS })
  cpSync(pom, stamp)
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  await installAll((line) => process.stdout.write(`${line}\n`))
}
