/** The judge of our files must find what it is there to find. */
import assert from 'node:assert/strict'
import { cpSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { kafkajs } from '../conformance/clients/kafkajs.ts'
import { temporaryDirectory } from '../harness/paths.ts'
import { createByAsking } from '../harness/raw-requests.ts'
import { startTarget, target } from '../harness/target.ts'
import { kafkaJars, skipUnless } from '../harness/tools.ts'
import { RawConnection } from '../harness/wire.ts'
import { dumpLogs } from './dump-log.ts'

const TOPIC = 'judged'

test(
  'DumpLogSegments reports a damaged file, and only that',
  { skip: skipUnless(target(), kafkaJars('tools')) },
  async () => {
    using data = temporaryDirectory('dump')
    using copy = temporaryDirectory('dump-damaged')
    await using broker = await startTarget({ dataDirectory: data.path })
    const connection = await RawConnection.open(broker.bootstrap)
    await createByAsking(connection, TOPIC)
    connection.close()
    const records = Array.from({ length: 500 }, (_, index) => ({ key: 'k', value: `value ${index}`, headers: {} }))
    await kafkajs.produce(broker.bootstrap, records, { topic: TOPIC, codec: 'none', acks: 'all' })
    await broker.stop()
    const sound = await dumpLogs(data.path)
    assert.deepEqual(sound.faults, [])
    assert.ok(sound.records >= 500)

    cpSync(data.path, copy.path, { recursive: true })
    const damaged = damage(copy.path)
    const { faults } = await dumpLogs(copy.path)
    assert.ok(faults.length > 0, 'the damage is reported')
    assert.ok(
      faults.every((fault) => fault.includes(damaged)),
      faults.join('\n')
    )
  }
)

/** Flips a bit in the middle of the largest segment; answers its path below the directory. */
function damage(dataDirectory: string): string {
  const logs = readdirSync(dataDirectory, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.startsWith(TOPIC) && path.endsWith('.log'))
    .sort((a, b) => statSync(join(dataDirectory, b)).size - statSync(join(dataDirectory, a)).size)
  const largest = logs[0] ?? ''
  const path = join(dataDirectory, largest)
  const bytes = readFileSync(path)
  const middle = Math.floor(bytes.length / 2)
  bytes.writeUInt8(bytes.readUInt8(middle) ^ 0x20, middle)
  writeFileSync(path, bytes)
  return largest
}
