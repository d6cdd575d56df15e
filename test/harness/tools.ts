/**
 * The foreign programs that tests need, each looked for in one place: where it is, or why it is not there.
 *
 * Nothing is installed here (`install.ts` does that, when asked). With ODRADEK_REQUIRE_ALL=1 a missing program is a failure.
 */
import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { cacheDirectory, harnessDirectory } from './paths.ts'

export type Tool = { readonly found: string } | { readonly missing: string }

const FETCH_HINT = 'ODRADEK_INSTALL=1 npm test fetches it'

function once(look: () => Tool): () => Tool {
  let seen: Tool | undefined
  return () => {
    seen ??= look()
    return seen
  }
}

function answers(command: string, args: readonly string[]): boolean {
  try {
    execFileSync(command, args, { stdio: 'ignore', timeout: 20_000 })
    return true
  } catch {
    return false
  }
}

export const java = once(() =>
  answers('java', ['-version']) ? { found: 'java' } : { missing: 'no Java: install a Java 17 runtime' }
)

export const maven = once(() =>
  answers('mvn', ['--version'])
    ? { found: 'mvn' }
    : { missing: 'no Maven: install it to fetch the jars of Apache Kafka' }
)

export const kcat = once(() => {
  const command = ['kcat', 'kafkacat'].find((name) => answers(name, ['-V']))
  return command ? { found: command } : { missing: 'no kcat: install the package kcat' }
})

/** Debian's Docker Compose, which validates a compose file without an engine. */
export const dockerCompose = once(() =>
  answers('docker-compose', ['version'])
    ? { found: 'docker-compose' }
    : { missing: 'no docker-compose: install the package docker-compose' }
)

export const shellcheck = once(() =>
  answers('shellcheck', ['--version']) ? { found: 'shellcheck' } : { missing: 'no shellcheck: install that package' }
)

export const zsh = once(() =>
  answers('zsh', ['--version']) ? { found: 'zsh' } : { missing: 'no zsh: install that package' }
)

export const fish = once(() =>
  answers('fish', ['--version']) ? { found: 'fish' } : { missing: 'no fish: install that package' }
)

/** Debian's, which playwright-core drives. */
export const chromium = once(() => {
  const command = ['/usr/bin/chromium', '/usr/bin/chromium-browser'].find((path) => answers(path, ['--version']))
  return command ? { found: command } : { missing: 'no Chromium: install the package chromium' }
})

/** The Python of our own virtual environment, which has confluent-kafka. */
export const confluentPython = once(() => {
  const command = process.env.ODRADEK_PYTHON ?? join(cacheDirectory, 'python', 'bin', 'python')
  return answers(command, ['-c', 'import confluent_kafka'])
    ? { found: command }
    : { missing: `no Python with confluent-kafka (${FETCH_HINT})` }
})

/** The same Python, which has the clients that are written in Python themselves. */
export const pythonClients = once(() => {
  const command = process.env.ODRADEK_PYTHON ?? join(cacheDirectory, 'python', 'bin', 'python')
  return answers(command, ['-c', 'import kafka, aiokafka'])
    ? { found: command }
    : { missing: `no Python with kafka-python and aiokafka (${FETCH_HINT})` }
})

export type JarSet = 'broker' | 'tools' | 'streams' | 'connect'

const markers: Readonly<Record<JarSet, string>> = {
  broker: 'kafka_2.13-',
  tools: 'kafka-tools-',
  streams: 'kafka-streams-',
  connect: 'connect-runtime-'
}

/** The directory of the jars of Apache Kafka's broker (4.4.0), of its command line tools (4.3.1), of Kafka Streams (4.4.0) or of Kafka Connect (4.3.1). */
export function kafkaJars(set: JarSet = 'broker'): Tool {
  const runtime = java()
  if ('missing' in runtime) return runtime
  const named = {
    broker: process.env.ODRADEK_KAFKA_JARS,
    tools: process.env.ODRADEK_KAFKA_TOOLS_JARS,
    streams: undefined,
    connect: undefined
  }[set]
  for (const directory of [named, join(cacheDirectory, 'java', set)]) {
    if (directory && existsSync(directory) && readdirSync(directory).some((name) => name.startsWith(markers[set]))) {
      return { found: directory }
    }
  }
  return { missing: `no jars of Apache Kafka's ${set} (${FETCH_HINT})` }
}

/** The directory of the jars that withkafka/exec.sh runs, by the names of its poms; it fetches them itself when asked. */
export function execJars(): Tool {
  const directory = join(cacheDirectory, 'java', 'withkafka')
  const runtime = java()
  if ('missing' in runtime) return runtime
  if (['kraft', 'zookeeper'].every((name) => existsSync(join(directory, name, 'pom.xml')))) return { found: directory }
  return { missing: `no jars for withkafka/exec.sh (${FETCH_HINT})` }
}

/** What `java -cp` takes to run a class of that set, quiet on stdout. */
export function classPath(set: JarSet): string {
  return `${found(kafkaJars(set))}/*:${join(harnessDirectory, 'java')}`
}

export function found(tool: Tool): string {
  if ('missing' in tool) throw new Error(tool.missing)
  return tool.found
}

/** For `test(name, { skip: skipUnless(kcat()) }, …)`: the reason to skip, or false. */
export function skipUnless(...tools: readonly Tool[]): string | false {
  const reasons = tools.flatMap((tool) => ('missing' in tool ? [tool.missing] : []))
  if (reasons.length === 0) return false
  if (process.env.ODRADEK_REQUIRE_ALL === '1') throw new Error(`nothing may be skipped here: ${reasons.join('; ')}`)
  return reasons.join('; ')
}
