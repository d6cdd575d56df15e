/** `odradek dump` on files: what it prints, what it refuses, and how it ends when a file is damaged. */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { odradek, startOdradek } from '../harness/odradek-process.ts'
import { temporaryDirectory } from '../harness/paths.ts'
import { skipUnless } from '../harness/tools.ts'
import { commandLineAt } from './command-line.ts'

test(
  'dump tells every file of a partition, of records their text, and of damage where it is',
  {
    skip: skipUnless(odradek())
  },
  async () => {
    using data = temporaryDirectory('dump')
    const broker = await startOdradek({ dataDirectory: data.path })
    const cli = commandLineAt(broker.bootstrap)
    await cli.text(['produce', 'orders', 'hello', '-k', 'a key', '-H', 'source=test'])
    await broker.stop()
    const partition = join(data.path, 'orders-0')
    const log = join(partition, '00000000000000000000.log')

    const rows = await cli.rows(['dump', partition, '--records'])
    const named = readdirSync(partition)
      .sort()
      .map((name) => join(partition, name))
    assert.deepEqual(
      rows.filter(({ what }) => what === 'file').map(({ path }) => path),
      named,
      'every file is told'
    )
    const record = rows.find(({ what }) => what === 'record')
    assert.deepEqual([record?.offset, record?.key, record?.value], [0, 'a key', 'hello'])
    assert.deepEqual(record?.headers, [{ key: 'source', value: 'test' }])
    assert.equal((await cli.rows(['dump', log])).filter(({ what }) => what === 'record').length, 0)

    const lines = await cli.text(['dump', log, '--records', '-o', 'table'])
    assert.match(
      lines,
      /at 0 +offset 0 +1 record .*leader epoch 0 .*crc \d+\n {4}offset 0 .*key "a key" +"hello" +headers/
    )
    const listed: unknown = JSON.parse(await cli.text(['dump', log, '-o', 'json']))
    assert.ok(Array.isArray(listed) && listed.length === 2)

    const bytes = readFileSync(log)
    bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1
    writeFileSync(log, bytes)
    const flipped = await cli.run(['dump', log, '-o', 'table'])
    assert.equal(flipped.code, 7)
    assert.match(flipped.stdout.toString(), /crc \d+ is not that of its bytes/)
    writeFileSync(log, bytes.subarray(0, -3))
    const cut = await cli.run(['dump', log])
    assert.equal(cut.code, 7)
    assert.match(cut.stdout.toString(), /"what":"damage","position":0/)

    for (const [words, code] of [
      [['dump', join(data.path, 'nowhere')], 5],
      [['dump', join(data.path, '.lock-or-what')], 5],
      [['dump', log, '-o', 'csv'], 2]
    ] as const) {
      assert.equal((await cli.run(words)).code, code, words.join(' '))
    }
    writeFileSync(join(data.path, 'notes.txt'), 'mine')
    const foreign = await cli.run(['dump', join(data.path, 'notes.txt')])
    assert.equal(foreign.code, 2)
    assert.match(foreign.stderr, /is no file that a broker writes/)
  }
)
