/**
 * The producer and the consumer in all three ways of processing, with the embedded broker and with the real Apache Kafka:
 * text, JSON and bytes go in, and come out as they were.
 */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import type { BrokerProcess } from '../../harness/broker-process.ts'
import { temporaryDirectory } from '../../harness/paths.ts'
import { brokerKinds, consume, produce, rowsOf, runProgram } from '../../withkafka/programs.ts'

const lines = ['{"order_id": 1, "status": "placed"}', '{"order_id": 2, "status": "placed"}', '{"order_id": 3}']

for (const kind of brokerKinds)
  describe(`the programs with ${kind.name}`, { skip: kind.skip }, () => {
    let broker: BrokerProcess
    let topicNumber = 0
    const newTopic = () => `topic-${++topicNumber}`

    before(async () => {
      broker = await kind.start()
    })

    after(async () => {
      await broker?.stop()
    })

    test('both example messages of the seed are sent, keyed by whom they are about', async () => {
      const topic = newTopic()
      const [order] = await produce(broker, ['--topic', topic, '--example', 'order'])
      const [login] = await produce(broker, ['--topic', topic, '--example', 'login'])
      assert.deepEqual([order?.key, order?.offset, login?.key], ['123', 0, 'alice'])
      const seen = await consume(broker, ['--topic', topic])
      assert.deepEqual(seen.map(({ value }) => value).sort(), [
        '{"order_id": 123, "status": "placed", "timestamp": "2025-09-19T12:00:00Z"}',
        '{"user": "alice", "action": "login", "time": "2025-09-19T12:01:00Z"}'
      ])
    })

    test('a topic that the programs make has three partitions, also where the broker makes one by default', async () => {
      const text = Array.from({ length: 30 }, (_, index) => `${index}=placed\n`).join('')
      const reports = await produce(broker, ['--topic', newTopic(), '--key-separator', '='], text)
      assert.deepEqual([...new Set(reports.map(({ partition }) => partition))].sort(), [0, 1, 2])
    })

    test('text, JSON and bytes arrive as they were, and each report tells where', async () => {
      using directory = temporaryDirectory('programs')
      const topic = newTopic()
      const picture = Buffer.from([0x89, 0x50, 0x0a, 0x00, 0xff, 0x0d])
      const path = join(directory.path, 'picture.png')
      writeFileSync(path, picture)
      const reports = [
        ...(await produce(broker, ['--topic', topic, '--key', 'k', 'hello', ''])),
        ...(await produce(broker, ['--topic', topic, '--key', 'k', '--format', 'json'], '{"a": [1]}\n"text"\n')),
        ...(await produce(broker, ['--topic', topic, '--key', 'k', '--file', path, '--whole'])),
        ...(await produce(broker, ['--topic', topic, '--key', 'k', '--format', 'hex', '00fe'])),
        ...(await produce(broker, ['--topic', topic, '--key', 'k', '--format', 'base64', 'AP8='])),
        ...(await produce(broker, ['--topic', topic, '--key-separator', '='], 'k=v\n'))
      ]
      const seen = await consume(broker, ['--topic', topic])
      const bytes = (content: Buffer) => ({ $base64: content.toString('base64') })
      assert.deepEqual(
        seen.map(({ value }) => value),
        ['hello', '', '{"a": [1]}', '"text"', bytes(picture), bytes(Buffer.from([0, 0xfe])), { $base64: 'AP8=' }, 'v']
      )
      const place = ({ topic: name, partition, offset, key }: (typeof seen)[number]) => [name, partition, offset, key]
      assert.deepEqual(reports.map(place), seen.map(place))
      assert.equal(new Set(reports.map(({ partition }) => partition)).size, 1, 'one key, one partition')
    })

    test('a group goes on where it stopped, and another begins at the beginning', async () => {
      const topic = newTopic()
      const read = async (group: string) => (await consume(broker, ['--topic', topic, '--group', group])).length
      await produce(broker, ['--topic', topic], 'a\nb\n')
      assert.equal(await read('first'), 2)
      assert.equal(await read('first'), 0)
      await produce(broker, ['--topic', topic, 'c'])
      assert.equal(await read('first'), 1)
      assert.equal(await read('second'), 3)
    })

    test('stored messages lie in one file for each partition, each once, also when another group read them', async () => {
      using directory = temporaryDirectory('store')
      const topic = newTopic()
      const reports = await produce(broker, ['--topic', topic, '--key-field', 'order_id'], lines.join('\n'))
      const store = async (...more: string[]) =>
        await consume(broker, ['--topic', topic, '--store', directory.path, ...more])
      await consume(broker, ['--topic', topic])
      await store()
      await store()
      reports.push(...(await produce(broker, ['--topic', topic, '--key-field', 'order_id', '{"order_id": 4}'])))
      await store('--group', 'another')
      const stored = [0, 1, 2].flatMap((partition) => {
        const path = join(directory.path, `${topic}-${partition}.jsonl`)
        return existsSync(path) ? rowsOf(readFileSync(path)) : []
      })
      assert.deepEqual(stored.map(({ value }) => value).sort(), [...lines, '{"order_id": 4}'].sort())
      const places = (rows: typeof stored) => rows.map(({ partition, offset }) => `${partition}@${offset}`).sort()
      assert.deepEqual(places(stored), places(reports))
    })

    test('a command gets the message as its input, and where it is in its environment', async () => {
      using directory = temporaryDirectory('run')
      const topic = newTopic()
      const [report] = await produce(broker, ['--topic', topic, '--key', 'grüße', lines[0] ?? ''])
      const out = join(directory.path, 'out')
      const command = `(echo "$KAFKA_TOPIC/$KAFKA_PARTITION/$KAFKA_OFFSET/$KAFKA_KEY"; cat) > '${out}'`
      await consume(broker, ['--topic', topic, '--run', command])
      assert.equal(readFileSync(out, 'utf8'), `${topic}/${report?.partition}/0/grüße\n${lines[0]}`)
    })

    test('a URL is called for each message, with where it is in the headers', async () => {
      const topic = newTopic()
      await produce(broker, ['--topic', topic, '--key', 'grüße'], lines.join('\n'))
      await produce(broker, ['--topic', topic, '--key', 'grüße', '--format', 'hex', 'ff'])
      const calls: unknown[] = []
      const server = createServer(async (request, response) => {
        const chunks: Buffer[] = []
        for await (const chunk of request) chunks.push(chunk)
        const { 'content-type': type, 'kafka-offset': offset, 'kafka-key': key } = request.headers
        calls.push([request.method, type, offset, key, Buffer.concat(chunks).toString('latin1')])
        response.writeHead(204).end()
      }).listen(0, '127.0.0.1')
      await once(server, 'listening')
      const { port } = server.address() as AddressInfo
      try {
        await consume(broker, ['--topic', topic, '--post', `http://127.0.0.1:${port}/orders`])
      } finally {
        server.close()
      }
      const key = encodeURIComponent('grüße')
      assert.deepEqual(calls, [
        ...lines.map((line, offset) => ['POST', 'application/json', String(offset), key, line]),
        ['POST', 'application/octet-stream', '3', key, '\xff']
      ])
    })

    test('a failed message stops the consumer, is shown, and comes again; those before it are done', async () => {
      const topic = newTopic()
      await produce(broker, ['--topic', topic, '--key', 'k'], 'good\nbad\nlast\n')
      const args = ['--bootstrap-server', broker.bootstrap, '--topic', topic, '--exit']
      for (let round = 0; round < 2; round++) {
        const { code, stdout, stderr } = await runProgram('withkafka/kafkacons.ts', [
          ...args,
          '--run',
          'read -r message; echo "$message"; test "$message" != bad'
        ])
        assert.equal(code, 1)
        assert.equal(stdout.toString(), round === 0 ? 'good\nbad\n' : 'bad\n')
        assert.match(stderr, /this message failed: topic-\d+, partition \d, offset 1, key k: bad\n.*exit code 1\n/)
      }
      assert.deepEqual(
        (await consume(broker, ['--topic', topic])).map(({ value }) => value),
        ['bad', 'last']
      )
    })

    test('a failed message goes to the dead-letter topic with its reason, and the consumer goes on', async () => {
      const topic = newTopic()
      await produce(broker, ['--topic', topic, '--key', 'k'], 'good\nbad\nlast\n')
      const args = ['--bootstrap-server', broker.bootstrap, '--topic', topic, '--exit', '--on-failure', 'dead-letter']
      const command = 'read -r message; echo "$message"; test "$message" != bad'
      const { code, stdout, stderr } = await runProgram('withkafka/kafkacons.ts', [...args, '--run', command])
      assert.deepEqual([code, stdout.toString()], [0, 'good\nbad\nlast\n'])
      assert.match(stderr, /this message failed: .* bad; the command ended with exit code 1; it is kept in/)
      const [kept, ...others] = await consume(broker, ['--topic', `${topic}.dead-letter`])
      assert.deepEqual([kept?.key, kept?.value, others], ['k', 'bad', []])
      const headers = new Map((kept?.headers as { key: string; value: string }[]).map(({ key, value }) => [key, value]))
      assert.equal(headers.get('dead-letter.topic'), topic)
      assert.equal(headers.get('dead-letter.offset'), '1')
      assert.equal(headers.get('dead-letter.error'), 'the command ended with exit code 1')
      assert.deepEqual(await consume(broker, ['--topic', topic]), [], 'everything is committed')
    })
  })
