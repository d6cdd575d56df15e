/** What the README shows is run: its commands against a broker of ours, its program as a program. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { odradek, startOdradek } from './harness/odradek-process.ts'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const readme = readFileSync(join(root, 'README.md'), 'utf8')
const build = odradek()
const skip = 'missing' in build ? build.missing : false

function blocks(language: string): string[] {
  return [...readme.matchAll(new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\``, 'gms'))].map(([, body = '']) => body)
}

/** The commands of a shell block, with the command as it is in this checkout. */
function odradekCommands(block: string): string[] {
  return block
    .split('\n')
    .filter((line) => line.startsWith('npx odradek '))
    .map((line) => line.replace(/^npx odradek/, `node ${join(root, 'dist/cli/main.js')}`))
}

test('the commands of the README work, one after the other', { skip }, async () => {
  const commands = blocks('sh').flatMap(odradekCommands)
  assert.ok(commands.length >= 2)
  await using broker = await startOdradek({ storage: 'memory' })
  for (const command of commands) {
    const { status, stderr } = spawnSync('bash', ['-c', command], {
      env: { ...process.env, KAFKA_BROKERS: broker.bootstrap },
      encoding: 'utf8',
      timeout: 20_000
    })
    assert.equal(status, 0, `${command}\n${stderr}`)
  }
})

test('the first screen names scripts that are there', () => {
  const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  const named = [...(blocks('sh')[0] ?? '').matchAll(/npm (?:run )?(start|test|[a-z:]+)(?=\s|$)/g)].map(
    ([, name]) => name
  )
  assert.deepEqual(
    named.filter((name) => name !== 'install'),
    ['start', 'test']
  )
  for (const name of named) assert.ok(name === 'install' || name === undefined || name in scripts, name)
})

test('the program of the README runs, and ends by itself', { skip }, () => {
  const cache = join(root, '.cache')
  mkdirSync(cache, { recursive: true })
  const directory = mkdtempSync(join(cache, 'readme-'))
  try {
    const [program = ''] = blocks('ts')
    const tail = `const admin = client.admin()
await admin.connect()
console.log(JSON.stringify(await admin.listTopics()))
await admin.disconnect()
`
    writeFileSync(join(directory, 'program.mts'), program + tail)
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      ['--import', 'tsx', join(directory, 'program.mts')],
      {
        cwd: root,
        encoding: 'utf8',
        timeout: 20_000
      }
    )
    assert.equal(status, 0, stderr)
    assert.equal(stdout.trim(), '["orders"]')
  } finally {
    rmSync(directory, { recursive: true })
  }
})

test('the pages that the README points to are there', () => {
  for (const [, path = ''] of readme.matchAll(/\]\((?!https?:)([^)#]+)\)/g))
    assert.ok(existsSync(join(root, path)), path)
})
