/**
 * `npm test`: builds, fetches what the tests need when asked (ODRADEK_INSTALL=1), runs the test files that are named,
 * and says at the end what was skipped and why.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import { installAll } from '../test/harness/install.ts'
import { projectDirectory } from '../test/harness/paths.ts'
import { kafkaJars } from '../test/harness/tools.ts'

const HELP = `npm test -- [NAME…] [--target kafka] [--rounds N] [--no-build] [--list]

  NAME             runs only the test files whose path contains NAME (crash, conformance/groups, log/…)
  --target kafka   the suites that prove the broker from outside run against a real Apache Kafka instead of ours
  --rounds N       rounds of kill -9 in test/crash (3)
  --brokers N      in test/crash: the process has so many brokers (once with one, once with three)
  --seed N|random  properties get other inputs than those of seed 1
  --times N        and so many times their number of them (1): what nobody thought of yet is found by chance, and takes time
  --no-build       uses dist/ as it is
  --list           shows the files and runs nothing

Environment
  ODRADEK_INSTALL=1       fetches what is missing first: jars of Apache Kafka (Maven), confluent-kafka (pip), kcat (apt)
  ODRADEK_REQUIRE_ALL=1   a test skipped because something is missing is a failure
`

const FILE_TIMEOUT_MS = 600_000
/** A round of kill -9 takes a few seconds on a busy machine, and each file of them has several tests. */
const ROUND_TIMEOUT_MS = 60_000
const CONCURRENT_FILES = 2

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    help: { type: 'boolean', short: 'h' },
    target: { type: 'string' },
    rounds: { type: 'string' },
    brokers: { type: 'string' },
    seed: { type: 'string', default: '1' },
    times: { type: 'string', default: '1' },
    'no-build': { type: 'boolean' },
    list: { type: 'boolean' }
  }
})

process.exitCode = await main()

async function main(): Promise<number> {
  if (values.help) {
    process.stdout.write(HELP)
    return 0
  }
  if (!/^(random|-?\d+)$/.test(values.seed) || !/^[1-9]\d*$/.test(values.times)) {
    process.stderr.write(
      '--seed takes a whole number or random, --times a whole number from 1 on. See: npm test -- --help\n'
    )
    return 2
  }
  const files = testFiles(positionals)
  if (files.length === 0) {
    process.stderr.write(`No test file has ${positionals.join(' or ')} in its path. See: npm test -- --list\n`)
    return 2
  }
  if (values.list) {
    process.stdout.write(`${files.join('\n')}\n`)
    return 0
  }
  if (process.env.ODRADEK_INSTALL === '1') await installAll((line) => process.stdout.write(`${line}\n`))
  if (!values['no-build']) {
    const built = await runNode([join('tools', 'build.mjs')])
    if (built !== 0) return built
  }
  return await runTests(files)
}

function testFiles(names: readonly string[]): string[] {
  return readdirSync(join(projectDirectory, 'test'), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.test.ts'))
    .map((path) => join('test', path))
    .filter((path) => names.length === 0 || names.some((name) => path.includes(name)))
    .sort()
}

async function runTests(files: readonly string[]): Promise<number> {
  const scratch = mkdtempSync(join(tmpdir(), 'odradek-test-'))
  const skipFile = join(scratch, 'skipped.json')
  const reporter = pathToFileURL(join(projectDirectory, 'tools', 'test-reporter.mjs')).href
  const options = [
    `--test-concurrency=${CONCURRENT_FILES}`,
    `--test-timeout=${FILE_TIMEOUT_MS * Number(values.times) + Number(values.rounds ?? 0) * ROUND_TIMEOUT_MS}`
  ]
  const jars = kafkaJars('broker')
  const env = {
    ODRADEK_SKIP_FILE: skipFile,
    ODRADEK_PROPERTY_SEED: values.seed,
    ODRADEK_PROPERTY_TIMES: values.times,
    ...('found' in jars && { ODRADEK_KAFKA_JARS: jars.found }),
    ...(values.rounds && { ODRADEK_CRASH_ROUNDS: values.rounds }),
    ...(values.brokers && { ODRADEK_CRASH_BROKERS: values.brokers }),
    ...(values.target && { ODRADEK_TARGET: values.target })
  }
  try {
    const reporting = [`--test-reporter=${reporter}`, '--test-reporter-destination=stdout']
    const code = await runNode(['--import', 'tsx', '--test', ...options, ...reporting, ...files], env)
    const skipped = existsSync(skipFile) && readFileSync(skipFile, 'utf8') !== '[]'
    if (!skipped || process.env.ODRADEK_REQUIRE_ALL !== '1') return code
    process.stdout.write('ODRADEK_REQUIRE_ALL=1: nothing may be skipped.\n')
    return code || 1
  } finally {
    rmSync(scratch, { recursive: true, force: true })
  }
}

async function runNode(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<number> {
  const child = spawn(process.execPath, args, {
    cwd: projectDirectory,
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, ...env }
  })
  const [code] = (await once(child, 'close')) as [number | null]
  return code ?? 1
}
