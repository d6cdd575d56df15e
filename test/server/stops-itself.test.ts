/** A broker that has met a mistake of its own and serves no more: whoever runs it is told, and can start it again. */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { runCommand } from '../../src/cli/learn/shell.ts'
import { ClusterImage } from '../../src/coordination/metadata/image.ts'
import { startKafka } from '../../src/index.ts'
import { freePort } from '../harness/free-port.ts'
import { temporaryDirectory } from '../harness/paths.ts'
import { createByAsking, topicMetadata } from '../harness/raw-requests.ts'
import { RawConnection, waitForMetadata } from '../harness/wire.ts'

/** The next broker that hears of a change cannot follow it. */
function plantMistake({ mock }: TestContext): void {
  const throwing = (): never => {
    throw new Error('a mistake')
  }
  mock.method(ClusterImage.prototype, 'takeDelta', throwing, { times: 1 })
}

async function makeChange(address: string): Promise<void> {
  const connection = await RawConnection.open(address)
  // The connection may close before it answers.
  await topicMetadata(connection, 'more').catch(() => {})
  connection.close()
}

test('startKafka tells by onBroken that its broker has stopped itself; it can be stopped, and started again with its topics', async (context) => {
  using directory = temporaryDirectory('stops-itself')
  const lines: string[] = []
  let tell = (): void => {}
  const broken = new Promise<void>((resolve) => {
    tell = resolve
  })
  const options = { directory: directory.path, log: (line: string) => void lines.push(line) }
  const kafka = await startKafka({ ...options, topics: { orders: 1 }, onBroken: tell })
  plantMistake(context)
  await makeChange(kafka.brokers[0] ?? '')
  await broken
  assert.match(lines.join('\n'), /met a mistake of the broker, please report it/)
  await kafka.stop()
  await using again = await startKafka({ ...options, onBroken: () => assert.fail('it is whole again') })
  const connection = await RawConnection.open(again.brokers[0] ?? '')
  assert.equal(await createByAsking(connection, 'orders'), 1)
  // What was asked for was safe when it was met.
  assert.equal((await topicMetadata(connection, 'more')).errorCode, 0)
  connection.close()
})

test('serve ends with exit code 1 and says why, so that whoever supervises it starts it again', async (context) => {
  const port = await freePort()
  const served = runCommand(['serve', '--memory', '--port', String(port)], {
    brokers: [`localhost:${port}`],
    interrupted: new AbortController().signal
  })
  await waitForMetadata(`127.0.0.1:${port}`, 15_000, () => true)
  plantMistake(context)
  await makeChange(`127.0.0.1:${port}`)
  const { exitCode, error, printed } = await served
  assert.equal(exitCode, 1)
  assert.match(error?.message ?? '', /the broker has stopped itself after a mistake of its own/)
  assert.match(printed.join('\n'), /met a mistake of the broker, please report it/)
})
