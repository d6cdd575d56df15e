/** The harness itself: what it starts, it starts for real. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LineProcess, run } from './child-process.ts'
import { startRealKafka } from './real-kafka.ts'
import { kafkaJars, skipUnless } from './tools.ts'
import { list, RawConnection } from './wire.ts'

test('a child that takes too long is ended and named', async () => {
  await assert.rejects(
    run(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { timeoutMs: 200 }),
    /took more than 200 ms/
  )
})

test('waiting for a line ends with the process that should have written it', async () => {
  const child = new LineProcess(process.execPath, ['-e', 'console.log("hello"); process.stderr.write("sorry")'])
  assert.equal(await child.until((lines) => lines[0], 'greeting', 5000), 'hello')
  await assert.rejects(
    child.until(() => undefined, 'farewell', 5000),
    /ended before farewell[\s\S]*sorry/
  )
})

test('a real Apache Kafka starts, answers, and goes', { skip: skipUnless(kafkaJars('broker')) }, async () => {
  const kafka = await startRealKafka()
  const connection = await RawConnection.open(kafka.bootstrap)
  const metadata = await connection.ask(3, 1, list([]))
  assert.equal(metadata.int32(), 1)
  connection.close()
  await kafka.stop()
  assert.equal(kafka.isAlive, false)
})
