/** `odradek check`: what it says of a directory, whom it does not disturb, and how it ends. */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { startKafka } from '../../src/index.ts'
import { odradek, startOdradek } from '../harness/odradek-process.ts'
import { temporaryDirectory } from '../harness/paths.ts'
import { skipUnless } from '../harness/tools.ts'
import { commandLineAt } from './command-line.ts'

const skip = skipUnless(odradek())

/** What is in a data directory but for the checkpoints, which the broker that serves it writes when their time has come. */
function leftIn(directory: string): string[] {
  return readdirSync(directory).filter((name) => !name.includes('-checkpoint'))
}

test('a directory is healthy, in use, damaged, or none', { skip }, async () => {
  using data = temporaryDirectory('check')
  const broker = await startOdradek({ dataDirectory: data.path })
  const cli = commandLineAt(broker.bootstrap)
  await cli.text(['produce', 'orders', 'hello'])
  const before = leftIn(data.path)
  const used = await cli.run(['check', data.path])
  assert.equal(used.code, 1)
  assert.match(used.stderr, new RegExp(`is in use by process ${broker.pid}`))
  assert.deepEqual(leftIn(data.path), before)
  assert.ok(broker.isAlive)
  await cli.text(['produce', 'orders', 'the broker goes on'])
  await broker.stop()

  const healthy = await cli.run(['check', data.path, '-o', 'table'])
  assert.deepEqual([healthy.code, healthy.stderr], [0, ''])
  assert.match(healthy.stdout.toString(), /partitions, .* batches, .* records; stopped cleanly; healthy\n$/)
  assert.deepEqual(await cli.rows(['check', data.path]), [])

  const log = join(data.path, 'orders-0', '00000000000000000000.log')
  const bytes = readFileSync(log)
  bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1
  writeFileSync(log, bytes)
  const damaged = await cli.run(['check', data.path])
  assert.equal(damaged.code, 7)
  const [row] = damaged.stdout.toString().trim().split('\n')
  const { advice, ...finding }: Record<string, unknown> = JSON.parse(row ?? '')
  assert.match(String(advice), /Restore the directory of this partition from a backup/)
  assert.deepEqual(Object.keys(finding).sort(), ['path', 'position', 'severity', 'what'])
  assert.deepEqual([finding.severity, finding.path], ['damaged', log])
  const told = await cli.run(['check', data.path, '-o', 'table'])
  assert.match(
    told.stdout.toString(),
    /^damaged {2}.*00000000000000000000\.log at byte \d+\n {9}The batch with offset 1 /m
  )

  assert.equal((await cli.run(['check', join(data.path, 'nowhere')])).code, 5)
  assert.equal((await cli.run(['graduate', join(data.path, 'nowhere')])).code, 5)
  assert.equal((await cli.run(['check', join(data.path, 'orders-0')])).code, 2)
})

test(
  "the directory of one of a cluster's nodes is not taken for damaged: the cluster's is named",
  { skip },
  async () => {
    using data = temporaryDirectory('check-one')
    await (await startKafka({ directory: data.path, brokers: 2 })).stop()
    const cli = commandLineAt('127.0.0.1:1')
    for (const command of ['check', 'graduate']) {
      for (const node of ['broker-1', 'controller']) {
        const { code, stderr } = await cli.run([command, join(data.path, node)])
        assert.deepEqual([code, stderr.split('\n')[2]], [2, `  try: npx odradek ${command} ${data.path}`])
      }
    }
    assert.equal((await cli.run(['check', data.path])).code, 0)

    const own = join(data.path, 'own')
    for (const node of ['controller', 'broker-1']) {
      await (await startKafka({ directory: join(own, node) })).stop()
      await (await startKafka({ directory: join(own, node) })).stop()
    }
    assert.equal((await cli.run(['check', join(own, 'broker-1')])).code, 0)
  }
)
