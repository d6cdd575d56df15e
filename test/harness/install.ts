/**
 * Fetches what the tests need and a machine may not have: jars of Apache Kafka (Maven), Python's clients (pip), a client in
 * Go (its own modules, where Go is installed); kcat, docker-compose, shellcheck, zsh, fish and chromium (apt).
 * Runs only when ODRADEK_INSTALL=1; what is there already is left alone. `tools/test.ts` and `.ci/run` call it.
 */
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { franzGoCopier } from '../conformance/transactions/copiers/franz-go-copier.ts'
import { run, runToSuccess } from './child-process.ts'
import type { GoProgram } from './go-program.ts'
import { learnClasses } from './learn-classes.ts'
import { cacheDirectory, harnessDirectory, projectDirectory } from './paths.ts'
import {
  chromium,
  confluentPython,
  dockerCompose,
  fish,
  java,
  kcat,
  maven,
  pythonClients,
  shellcheck,
  type Tool,
  zsh
} from './tools.ts'

export const CONFLUENT_KAFKA_VERSION = '2.12.1'
const PYTHON_CLIENTS = [`confluent-kafka==${CONFLUENT_KAFKA_VERSION}`, 'kafka-python==3.0.12', 'aiokafka==0.14.0']
const FETCH_TIMEOUT_MS = 600_000

export async function installAll(report: (line: string) => void): Promise<void> {
  await installPackages(report)
  await installPython(report)
  installGoProgram(franzGoCopier, report)
  for (const set of ['broker', 'tools', 'streams', 'connect'])
    await installJars(set, join(harnessDirectory, 'java', set, 'pom.xml'), report)
  for (const kind of ['kraft', 'zookeeper'])
    await installJars(join('withkafka', kind), join(projectDirectory, 'withkafka', 'jars', `${kind}.xml`), report)
  await learnClasses(report)
}

/** Debian's packages, by the programs that they bring. */
async function installPackages(report: (line: string) => void): Promise<void> {
  const programs: Record<string, Tool> = {
    kcat: kcat(),
    'docker-compose': dockerCompose(),
    shellcheck: shellcheck(),
    zsh: zsh(),
    fish: fish(),
    chromium: chromium()
  }
  const missing = Object.keys(programs).filter((name) => programs[name] && 'missing' in programs[name])
  if (missing.length === 0) return
  const isRoot = process.getuid?.() === 0
  if (!isRoot) return report(`only root can install what is missing: apt-get install ${missing.join(' ')}`)
  report(`installing ${missing.join(', ')}`)
  const options = { env: { DEBIAN_FRONTEND: 'noninteractive' }, timeoutMs: FETCH_TIMEOUT_MS }
  await run('apt-get', ['update', '-qq'], options)
  await runToSuccess('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...missing], options)
}

async function installPython(report: (line: string) => void): Promise<void> {
  if ('found' in confluentPython() && 'found' in pythonClients()) return
  report(`installing ${PYTHON_CLIENTS.join(', ')} for Python`)
  const directory = join(cacheDirectory, 'python')
  mkdirSync(cacheDirectory, { recursive: true })
  const venv = await run('python3', ['-m', 'venv', directory], { timeoutMs: FETCH_TIMEOUT_MS })
  if (venv.code !== 0) throw new Error(`python3 -m venv failed (Debian: apt-get install python3-venv)\n${venv.stderr}`)
  // By its module: the program `pip` of an environment that was copied installs where that one was.
  const python = join(directory, 'bin', 'python')
  const args = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', ...PYTHON_CLIENTS]
  await runToSuccess(python, args, { timeoutMs: FETCH_TIMEOUT_MS })
}

/** Go itself is part of a machine, or not. */
function installGoProgram(program: GoProgram, report: (line: string) => void): void {
  if ('found' in program.tool()) return
  report(`building ${program.name}`)
  const problem = program.build()
  if (problem !== null) report(problem)
}

/** The jars that a pom names, in `.cache/java/NAME`; the copy of the pom beside them says that they are complete. */
async function installJars(name: string, pom: string, report: (line: string) => void): Promise<void> {
  const directory = join(cacheDirectory, 'java', name)
  const stamp = join(directory, 'pom.xml')
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === readFileSync(pom, 'utf8')) return
  if ('missing' in java() || 'missing' in maven()) return report(`jars of Apache Kafka (${name}) need Java and Maven`)
  report(`fetching the jars of Apache Kafka (${name})`)
  mkdirSync(directory, { recursive: true })
  for (const old of readdirSync(directory)) rmSync(join(directory, old))
  const args = ['-q', '-B', '-f', pom, 'dependency:copy-dependencies', `-DoutputDirectory=${directory}`]
  await runToSuccess('mvn', args, { timeoutMs: FETCH_TIMEOUT_MS })
  cpSync(pom, stamp)
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  await installAll((line) => process.stdout.write(`${line}\n`))
}
