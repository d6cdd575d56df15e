/** A process of a simulation that is paused hears of nothing, and then of all of it, in order. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { attentive } from '../../src/host/simulated/attention.ts'
import { SimulatedDisk } from '../../src/host/simulated/disk.ts'
import { SimulatedNetwork } from '../../src/host/simulated/network.ts'
import { SimulatedProcess } from '../../src/host/simulated/process.ts'
import { World } from '../../src/host/simulated/world.ts'

function scene() {
  const world = new World(1, () => setImmediate())
  const network = new SimulatedNetwork(world)
  const process = new SimulatedProcess({ world, network, disk: new SimulatedDisk(), timeOfDay: { shiftMs: 0 } })
  return { world, network, process }
}

async function until(world: World, micros: number): Promise<void> {
  while (world.nowMicros < micros && (await world.step()));
}

test('timers and syncs of a paused process come when it goes on, in their order; what was cancelled does not', async () => {
  const { world, process } = scene()
  const heard: string[] = []
  const file = process.disk.open('f', 'create')
  process.pause(10_000)
  process.clock.after(1, () => heard.push('timer'))
  const cancelled = process.clock.after(2, () => heard.push('cancelled'))
  void file.sync().then(() => heard.push('sync'))
  world.after(9000, 'the last moment', () => cancelled.cancel())
  await until(world, 9000)
  assert.deepEqual(heard, [])
  await until(world, 10_000)
  assert.deepEqual(heard, ['timer', 'sync'])
})

test('what is sent to a paused process arrives when it goes on, every byte in its order', async () => {
  const { world, network, process } = scene()
  let got = ''
  await process.network.listen('127.0.0.1', 9092, (connection) => {
    connection.onData((chunk) => {
      got += chunk
    })
  })
  const client = network.of(attentive).connect('127.0.0.1', 9092, 0)
  await until(world, 5000)
  const connection = await client
  process.pause(400_000)
  for (const word of ['one ', 'two ', 'three']) connection.write([Buffer.from(word)])
  world.after(390_000, 'all has come', () => {})
  await until(world, 390_000)
  assert.equal(got, '')
  await until(world, 410_000)
  assert.equal(got, 'one two three')
})

test('a process that is killed while it is paused hears of nothing any more', async () => {
  const { world, process } = scene()
  let hasRung = false
  process.pause(10_000)
  process.clock.after(1, () => {
    hasRung = true
  })
  process.take('killed')
  await until(world, 20_000)
  assert.equal(hasRung, false)
})
