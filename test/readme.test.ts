/**
 * What the README and the guides show is run: every command of the README, block after block as a reader would type them, and
 * its program as a program. The two npm commands of the first screen are run by `.ci/run`, on a fresh clone.
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { commands } from '../src/cli/commands.ts'
import { run } from './harness/child-process.ts'
import { freePort } from './harness/free-port.ts'
import { odradek, startOdradek } from './harness/odradek-process.ts'
import { projectDirectory, temporaryDirectory } from './harness/paths.ts'
import { confluentPython, found, kafkaJars, maven, skipUnless } from './harness/tools.ts'

/** Without what it says on npm only (test/packages/pages.test.ts). */
const readme = readFileSync(join(projectDirectory, 'README.md'), 'utf8').replaceAll(
  /^<!-- on npm:\n[\s\S]*?^-->$/gm,
  ''
)
const main = join(projectDirectory, 'dist', 'cli', 'main.js')
const tsx = join(projectDirectory, 'node_modules', '.bin', 'tsx')
const skip = skipUnless(odradek())
const limitMs = 120_000

function blocks(language: string): string[] {
  return [...readme.matchAll(new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\``, 'gms'))].map(([, body = '']) => body)
}

/** The commands of the shell blocks, in order, without their comments. */
const shown = blocks('sh').flatMap((block) =>
  block
    .split('\n')
    .map((line) => line.replace(/\s+#.*$/, '').trim())
    .filter((line) => line !== '')
)
const serving = 'npx odradek serve'
const kafkaCommands = shown.filter((line) => line.startsWith('withkafka/exec.sh'))
const npmCommands = shown.filter((line) => line.startsWith('npm '))
const otherCommands = shown.filter(
  (line) => line !== serving && !kafkaCommands.includes(line) && !npmCommands.includes(line)
)

/** The same command with the programs of this checkout, so that it can run in another directory. */
function here(command: string): string {
  return command
    .replace(/^npx odradek/, `node ${main}`)
    .replace(/^npx tsx (\S+)/, `${tsx} ${projectDirectory}/$1`)
    .replace(/^withkafka/, join(projectDirectory, 'withkafka'))
}

function runShown(command: string, cwd: string, env: Readonly<Record<string, string>>): void {
  const { status, stdout, stderr } = spawnSync('bash', ['-c', here(command)], {
    cwd,
    env: { ...process.env, ...env },
    encoding: 'utf8',
    timeout: limitMs
  })
  assert.equal(status, 0, `${command}\n${stdout}\n${stderr}`)
}

test('the commands of the README work, one after the other', { skip }, async () => {
  assert.ok(shown.includes(serving))
  assert.ok(otherCommands.length >= 5)
  using place = temporaryDirectory('readme')
  await using broker = await startOdradek({ storage: 'directory' })
  for (const command of otherCommands) runShown(command, place.path, { KAFKA_BROKERS: broker.bootstrap })
})

test(
  'the commands with a real Apache Kafka work, one after the other',
  {
    skip: skipUnless(kafkaJars('broker'), maven())
  },
  async () => {
    assert.ok(kafkaCommands.length >= 4)
    using state = temporaryDirectory('readme-kafka')
    const env = { KAFKA_DIRECTORY: state.path, KAFKA_PORT: String(await freePort()) }
    try {
      for (const command of kafkaCommands) runShown(command, projectDirectory, env)
    } finally {
      runShown('withkafka/exec.sh down', projectDirectory, env)
    }
  }
)

test('the npm commands of the README are scripts that are there', () => {
  const { scripts } = JSON.parse(readFileSync(join(projectDirectory, 'package.json'), 'utf8'))
  const named = npmCommands.flatMap((line) =>
    [...line.matchAll(/npm (?:run )?([a-z:]+)/g)].map(([, name = '']) => name)
  )
  assert.ok(named.includes('start') && named.includes('test'))
  for (const name of named) assert.ok(name === 'install' || name in scripts, name)
})

test('every command of the command line is in the README', () => {
  for (const entry of commands) {
    if ('hidden' in entry && entry.hidden) continue
    assert.ok(new RegExp(`^\\| \`odradek .*\\b${entry.name}\\b`, 'm').test(readme), entry.name)
  }
})

test('the program of the README runs, and ends by itself', { skip }, () => {
  const cache = join(projectDirectory, '.cache')
  mkdirSync(cache, { recursive: true })
  const directory = mkdtempSync(join(cache, 'readme-'))
  try {
    const [program = ''] = blocks('ts')
    const tail = `const admin = client.admin()
await admin.connect()
console.log(JSON.stringify(await admin.listTopics()))
await admin.disconnect()
`
    const file = join(directory, 'program.mts')
    writeFileSync(file, program + tail)
    const { status, stdout, stderr } = spawnSync(process.execPath, ['--import', 'tsx', file], {
      cwd: projectDirectory,
      encoding: 'utf8',
      timeout: limitMs
    })
    assert.equal(status, 0, stderr)
    assert.equal(stdout.trim(), '["orders"]')
  } finally {
    rmSync(directory, { recursive: true })
  }
})

test(
  "Confluent's client for Python reads, by the lines of the README, the order that the README sends",
  {
    skip: skipUnless(odradek(), confluentPython())
  },
  async () => {
    using place = temporaryDirectory('readme-python')
    await using broker = await startOdradek()
    const produce = otherCommands.find((line) => line.startsWith('npx odradek produce orders')) ?? ''
    runShown(produce, place.path, { KAFKA_BROKERS: broker.bootstrap })
    const [program = ''] = blocks('python')
    const adapted = program.replace('localhost:9092', broker.bootstrap)
    assert.notEqual(adapted, program)
    const { stdout } = await run(found(confluentPython()), ['-c', adapted], { timeoutMs: limitMs })
    assert.equal(JSON.parse(stdout.toString()).order_id, 123)
  }
)

test('the pages that the README and the guides point to are there', () => {
  const guides = readdirSync(join(projectDirectory, 'docs', 'guides')).map((name) => join('docs', 'guides', name))
  for (const page of ['README.md', ...guides, 'withkafka/README.md', 'withoutkafka/README.md']) {
    const text = readFileSync(join(projectDirectory, page), 'utf8')
    for (const [, path = ''] of text.matchAll(/\]\((?!https?:)([^)#]+)[^)]*\)/g))
      assert.ok(existsSync(join(projectDirectory, dirname(page), path)), `${page}: ${path}`)
  }
})
