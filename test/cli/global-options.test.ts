import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Flags } from '../../src/cli/command.ts'
import { resolveGlobalOptions } from '../../src/cli/global-options.ts'

const options = (values: Record<string, unknown>, env: Record<string, string> = {}) =>
  resolveGlobalOptions(new Flags(values), env)

test('a --timeout beyond what a timer takes is as long as one takes, not over at once', () => {
  assert.equal(options({ timeout: '7d' }).timeoutMs, 7 * 86_400_000)
  for (const timeout of ['25d', '30d', '60d', '5000w']) {
    const { timeoutMs = 0 } = options({ timeout })
    // A request's own limit is a second longer.
    assert.ok(timeoutMs > 24 * 86_400_000 && timeoutMs + 1000 < 2 ** 31, `${timeout}: ${timeoutMs}`)
  }
})

test('brokers in the environment count unless they are set to nothing', () => {
  assert.deepEqual(options({}, { KAFKA_BROKERS: 'a:1', KAFKA_BOOTSTRAP_SERVERS: 'b:2' }).brokers, ['a:1'])
  assert.deepEqual(options({}, { KAFKA_BROKERS: '', KAFKA_BOOTSTRAP_SERVERS: 'b:2' }).brokers, ['b:2'])
  assert.deepEqual(options({}, { KAFKA_BROKERS: '' }).brokers, ['localhost:9092'])
  assert.throws(() => options({ bootstrapServer: '' }), /no broker address/)
})
