/** A broker that meets a mistake of its own while it stops has not stopped cleanly: the next start recovers what it left. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { DiskError } from '../../src/host/disk.ts'
import { SeededChance } from '../../src/host/memory/chance.ts'
import { ManualClock } from '../../src/host/memory/clock.ts'
import { MemoryDisk } from '../../src/host/memory/disk.ts'
import { InvariantError } from '../../src/invariant.ts'
import { batchOf, createTopic, produce } from './apis/records-setup.ts'
import { network, startAlone, startBroker } from './apis/setup.ts'
import { connectionOf, fetching } from './apis/share-setup.ts'
import { HeldDisk } from './held-disk.ts'

const mark = '.kafka_cleanshutdown'

/** Stops a broker with a log, which breaks when its stop makes something safe for this time; gives whether it came to that. */
async function hasBroken(disk: HeldDisk, times: number): Promise<boolean> {
  const broker = await startBroker({}, disk)
  await createTopic(broker, 't1')
  await produce(broker, { records: batchOf(['a']), acks: 1 })
  let syncs = 0
  disk.beforeSync = async () => {
    syncs += 1
    if (syncs !== times) return
    await setImmediate()
    broker.failed('A test', new InvariantError('a mistake', 'broker'))
  }
  await broker.stop()
  return syncs >= times
}

test('a broker that breaks while it stops does not say that it has stopped cleanly', async () => {
  let times = 1
  let disk = new HeldDisk()
  for (; await hasBroken(disk, times); times += 1) {
    assert.equal(disk.exists(mark), false, `when sync ${times} of its stop had begun`)
    disk = new HeldDisk()
  }
  assert.ok(times > 3, `${times}`)
  assert.equal(disk.exists(mark), true, 'whole, it does')
})

/** Time passes at each look at it, and nothing that was to come is due. */
class BusyClock extends ManualClock {
  passesMs = 0
  #passedMs = 0

  override monotonicMs(): number {
    this.#passedMs += this.passesMs
    return super.monotonicMs() + this.#passedMs
  }
}

test('a broker that breaks while it stops has stopped, though requests wait for a turn that never comes', async () => {
  const clock = new BusyClock()
  const host = { disk: new MemoryDisk(), clock, network, chance: new SeededChance(1) }
  const broker = await startAlone({ host, durability: 'disk', config: {}, advertised: null, log: () => {} })
  await createTopic(broker, 't1')
  clock.passesMs = 1000
  let isAnswered = false
  void Promise.resolve(fetching(broker, 0, { connection: connectionOf(77) })).then(() => {
    isAnswered = true
  })
  const stopping = broker.stop()
  await setImmediate()
  assert.equal(isAnswered, false, 'it waits for a turn')
  broker.end(new DiskError('failed', 'meta.properties', 'the data directory is gone'))
  await stopping
  assert.equal(isAnswered, false)
})
