/** The options of `serve`, as the broker gets them. */
import assert from 'node:assert/strict'
import { resolve } from 'node:path'
import { test } from 'node:test'
import { Flags } from '../../src/cli/command.ts'
import { readServeOptions } from '../../src/cli/serve/run.ts'
import { stopFailure } from '../../src/cli/serve/stop-failure.ts'
import { DiskError } from '../../src/host/disk.ts'

const read = (values: Record<string, unknown>) => readServeOptions(new Flags(values))

test('without options: localhost:9092, data in ./odradek-data, synced to disk', () => {
  assert.deepEqual(read({}), {
    directory: resolve('odradek-data'),
    host: 'localhost',
    port: 9092,
    durability: 'disk',
    topics: {},
    config: {}
  })
})

test('memory means no directory; topics and settings are repeatable', () => {
  const options = read({
    memory: true,
    port: '0',
    advertise: 'kafka:29092',
    durability: 'os',
    topic: ['orders:3', 'payments'],
    config: ['log.retention.ms=7d'],
    autoCreate: true
  })
  assert.deepEqual(options, {
    host: 'localhost',
    port: 0,
    advertise: 'kafka:29092',
    durability: 'os',
    topics: { orders: { partitions: 3 }, payments: {} },
    config: { 'auto.create.topics.enable': 'true', 'log.retention.ms': '604800000' }
  })
})

test('what cannot be meant is wrong usage', () => {
  const wrong = [
    { memory: true, data: 'x' },
    { port: '70000' },
    { port: 'x' },
    { topic: ['a b'] },
    { advertise: 'x:y:z' }
  ]
  for (const values of wrong) assert.throws(() => read(values), { exitCode: 2 }, JSON.stringify(values))
})

test('a stop that fails says what happened, why, and what to do, by what the disk said', () => {
  const told = (problem: 'full' | 'failed') => {
    const { message, why, next, exitCode } = stopFailure(new DiskError(problem, 'checkpoint', 'What the disk says.'))
    return { message, why, next, exitCode }
  }
  const common = { message: 'the broker has stopped, but not cleanly', why: 'What the disk says.', exitCode: 1 }
  assert.deepEqual(told('full'), {
    ...common,
    next: 'free some space and start it again: it recovers its logs, and all that was acknowledged is there'
  })
  assert.deepEqual(told('failed'), {
    ...common,
    next: 'start it again: it recovers its logs, and says what it cannot read'
  })
})
