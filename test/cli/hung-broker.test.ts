/** `produce` under a broker that neither answers nor takes anything, and does not close its connections either: its process is stopped. */
import assert from 'node:assert/strict'
import { after, before, beforeEach, suite, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import type { BrokerProcess } from '../harness/broker-process.ts'
import type { LineProcess } from '../harness/child-process.ts'
import { startTarget } from '../harness/target.ts'
import { type CommandLine, commandLineAt, unavailable } from './command-line.ts'

suite('produce under a broker that hangs', { skip: unavailable() }, () => {
  let broker: BrokerProcess
  let cli: CommandLine
  let topic: string

  before(async () => {
    broker = await startTarget()
    cli = commandLineAt(broker.bootstrap)
  })
  beforeEach(async () => {
    topic = cli.unique('topic')
    await cli.text(['topics', 'create', topic, '-p', '1'])
  })
  after(async () => {
    await broker?.stop()
  })

  /** Sends a first line, which is stored, and then the input, while the broker hangs. Returns how long the command took from then. */
  async function sendWhileItHangs(writer: LineProcess, input: string): Promise<number> {
    writer.child.stdin.on('error', () => {})
    writer.child.stdin.write('first\n')
    while ((await cli.rows(['topics', 'offsets', topic]))[0]?.end !== 1);
    process.kill(broker.pid, 'SIGSTOP')
    try {
      const sinceMs = performance.now()
      writer.child.stdin.end(input)
      await writer.exited
      return performance.now() - sinceMs
    } finally {
      process.kill(broker.pid, 'SIGCONT')
      await writer.kill()
    }
  }

  test('--timeout ends it when that time is over, not when its request is', async () => {
    const writer = cli.start(['produce', topic, '--timeout', '2s'])
    const tookMs = await sendWhileItHangs(writer, 'nobody takes this\n')
    assert.equal(await writer.exited, 3, writer.stderr)
    assert.match(writer.stderr, /error: the broker at .* does not answer/)
    assert.ok(tookMs > 1500 && tookMs < 5000, `${tookMs} ms`)
  })

  test('Ctrl-C ends it within two seconds, and it tells what had no answer', async () => {
    const writer = cli.start(['produce', topic])
    writer.child.stdin.write('first\n')
    while ((await cli.rows(['topics', 'offsets', topic]))[0]?.end !== 1);
    process.kill(broker.pid, 'SIGSTOP')
    try {
      writer.child.stdin.write('nobody takes this\n')
      await pause(300)
      const sinceMs = performance.now()
      writer.child.kill('SIGINT')
      assert.equal(await writer.exited, 130, writer.stderr)
      const tookMs = performance.now() - sinceMs
      assert.ok(tookMs < 3000, `${tookMs} ms`)
      assert.match(writer.stderr, /^1 record had no answer, and may or may not have arrived$/m)
    } finally {
      process.kill(broker.pid, 'SIGCONT')
      await writer.kill()
    }
  })

  test('with acks=0 nothing counts as sent that the broker does not take', async () => {
    const writer = cli.start(['produce', topic, '--acks', '0', '--timeout', '3s'])
    const tookMs = await sendWhileItHangs(writer, `${'x'.repeat(1000)}\n`.repeat(40_000))
    assert.equal(await writer.exited, 3, writer.stderr)
    assert.ok(tookMs < 8000, `${tookMs} ms`)
    const delivered = /^([\d,]+) records were delivered/m.exec(writer.stderr)?.[1] ?? ''
    assert.ok(Number(delivered.replaceAll(',', '')) < 20_000, writer.stderr)
  })
})
