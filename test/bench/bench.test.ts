/** The parts of the benches that would rot unseen. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startNullBroker } from '../../bench/null-broker/process.ts'
import { tableOf } from '../../bench/versus-kafka/table.ts'
import { fetchBody, produce } from '../harness/raw-requests.ts'
import { recordBatch } from '../harness/record-batch.ts'
import { RawConnection } from '../harness/wire.ts'

test('the null broker acknowledges what it throws away, and serves any offset', async () => {
  await using broker = await startNullBroker(100)
  const connection = await RawConnection.open(broker.bootstrap)
  assert.equal((await produce(connection, 'nowhere', recordBatch(['gone']))).errorCode, 0)
  const answer = await connection.ask(1, 4, fetchBody('nowhere', 1000, 100_000))
  assert.ok(answer.remaining > 16_384)
  connection.close()
})

test('the table shows medians, spread, and ratios', () => {
  const measured = { kafka: [100, 120, 110], odradek: [220, 210, 240], null: [400] }
  const row = { name: 'produce', what: 'records', unit: 'records/s', better: 'more', measured } as const
  const line = tableOf([row]).split('\n')[2] ?? ''
  assert.deepEqual(
    line.split('|').map((cell) => cell.trim()),
    ['', 'produce', 'records/s', '110 ±9%', '220 ±7%', '400', '2.00', '0.55', 'more', '']
  )
})

test('a contender that is absent leaves dashes', () => {
  const measured = { kafka: [100], odradek: [], null: [] }
  const table = tableOf([{ name: 'start', what: '', unit: 'ms', better: 'less', measured }])
  assert.match(table, /\| start \| ms {3}\|\s+100 \|\s+- \|\s+- \|\s+- \|\s+- \|/)
})
