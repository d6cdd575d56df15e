/** A cluster that is served: its brokers stop, are killed and come back, each on its port and with its disk. */
import assert from 'node:assert/strict'
import { mock, test } from 'node:test'
import { Replicas } from '../../src/broker/replicas.ts'
import { BrokerControl, type Registration } from '../../src/controller/broker-control.ts'
import { ClusterImage } from '../../src/coordination/metadata/image.ts'
import { DiskError } from '../../src/host/disk.ts'
import { SeededChance } from '../../src/host/memory/chance.ts'
import { ManualClock } from '../../src/host/memory/clock.ts'
import { MemoryDisk } from '../../src/host/memory/disk.ts'
import { type Connection, ListenError, type Network } from '../../src/host/network.ts'
import { brokersIn } from '../../src/server/cluster-directories.ts'
import { ServedCluster, type ServedClusterOptions } from '../../src/server/served-cluster.ts'
import { StartError } from '../../src/server/start-error.ts'
import { newTopic } from '../coordination/metadata/setup.ts'
import { FakeConnection } from './fakes.ts'

function machine() {
  const listening = new Map<number, (connection: Connection) => void>()
  let free = 20_000
  const network: Network = {
    async listen(host, wantedPort, onConnection) {
      const port = wantedPort === 0 ? free++ : wantedPort
      if (listening.has(port)) throw new ListenError('in-use', `Port ${port} is in use.`)
      listening.set(port, onConnection)
      return { host, port, close: async () => void listening.delete(port) }
    }
  }
  const clock = new ManualClock()
  const disks = Array.from({ length: 4 }, () => new MemoryDisk())
  const [controllerHost, ...hosts] = disks.map((disk, seed) => ({
    disk,
    clock,
    network,
    chance: new SeededChance(seed)
  }))
  const lines: string[] = []
  const start = (more: Partial<ServedClusterOptions> = {}) => {
    assert.ok(controllerHost !== undefined)
    const place = { listenHost: '127.0.0.1', port: 9092, advertised: null, racks: [] }
    const rest = {
      durability: 'disk' as const,
      config: {},
      topics: [newTopic('orders', { partitions: 6, replicationFactor: -1 })]
    }
    const log = (line: string) => void lines.push(line)
    return ServedCluster.start({ hosts, controllerHost, ...place, ...rest, log, ...more })
  }
  const ports = () => [...listening.keys()].sort()
  const connect = (port: number): FakeConnection => {
    const connection = new FakeConnection()
    listening.get(port)?.(connection)
    return connection
  }
  return { clock, disks, lines, start, ports, connect, listening }
}

const brokerOf = (cluster: ServedCluster, id: number) => cluster.brokers.get(id) ?? assert.fail(`no broker ${id}`)

function isFree(disk: MemoryDisk): boolean {
  try {
    disk.lock()()
    return true
  } catch (error) {
    assert.ok(error instanceof DiskError)
    return false
  }
}

/** Who leads each partition of `orders`, and who is in sync there, as the cluster knows. */
function partitionsOf(cluster: ServedCluster) {
  const topic = cluster.controller.image.topicByName('orders')
  return (topic?.partitions ?? []).map(({ leader, inSyncReplicas }) => ({ leader, inSync: [...inSyncReplicas].sort() }))
}

async function untilAllInSync(cluster: ServedCluster, clock: ManualClock): Promise<void> {
  for (let turn = 0; turn < 1000; turn++) {
    if (partitionsOf(cluster).every(({ inSync }) => inSync.length === 3)) return
    await new Promise(setImmediate)
    if (turn % 5 === 4) clock.advance(10)
  }
  assert.fail('they do not come in sync')
}

test('each broker has its port, its rack and its disk, and all of it is given back', async () => {
  const { start, ports, disks, clock } = machine()
  const cluster = await start({ racks: ['a', 'b', 'c'] })
  assert.deepEqual(ports(), [9092, 9093, 9094])
  assert.deepEqual(
    [...cluster.brokers.values()].map(({ id, rack, address: { port }, isRunning }) => [id, rack, port, isRunning]),
    [
      [1, 'a', 9092, true],
      [2, 'b', 9093, true],
      [3, 'c', 9094, true]
    ]
  )
  assert.equal(cluster.controller.image.broker(2)?.rack, 'b')
  assert.deepEqual(disks.map(isFree), [false, false, false, false])
  assert.deepEqual(new Set(partitionsOf(cluster).map(({ leader }) => leader)), new Set([1, 2, 3]))
  await Promise.all([cluster.stop(), cluster.stop()])
  assert.deepEqual([ports(), clock.waiting], [[], 0])
  assert.deepEqual(disks.map(isFree), [true, true, true, true])
})

test('any free port is another for each, and clients are told the ports that follow the advertised one', async () => {
  const { start, ports } = machine()
  const cluster = await start({ port: 0, advertised: { host: 'outside', port: 29_092 } })
  assert.deepEqual(ports(), [20_000, 20_001, 20_002])
  assert.deepEqual(
    [...cluster.brokers.values()].map(({ address }) => address),
    [29_092, 29_093, 29_094].map((port) => ({ host: 'outside', port }))
  )
  assert.deepEqual(cluster.controller.image.broker(3)?.endpoints[0]?.port, 29_094)
  await cluster.stop()
})

test('whatever fails at the start, nothing is left running or locked', async () => {
  const wrong: readonly [string, Partial<ServedClusterOptions>, number | null][] = [
    ['port-in-use', {}, 9094],
    ['bad-option', { config: { 'num.partitions': 'many' } }, null],
    ['bad-option', { topics: [newTopic('not/good')] }, null]
  ]
  for (const [problem, options, taken] of wrong) {
    const { start, listening, ports, disks, clock } = machine()
    if (taken !== null) listening.set(taken, () => {})
    await assert.rejects(start(options), { name: 'StartError', problem })
    assert.deepEqual([ports(), clock.waiting], [taken === null ? [] : [taken], 0])
    assert.deepEqual(disks.map(isFree), [true, true, true, true])
    if (taken !== null)
      assert.deepEqual(
        disks.map((disk) => disk.list('')),
        [[], [], [], []]
      )
  }
})

test('a killed broker is gone at once, others lead before any time has passed, and it comes back in sync', async () => {
  const { start, ports, disks, clock, connect, lines } = machine()
  const cluster = await start()
  const client = connect(9093)
  const before = clock.monotonicMs()
  const killed = brokerOf(cluster, 2).kill()
  assert.equal(client.state, 'destroyed')
  assert.deepEqual([ports(), brokerOf(cluster, 2).isRunning], [[9092, 9094], false])
  await killed
  assert.equal(clock.monotonicMs() - before, 0)
  for (const { leader, inSync } of partitionsOf(cluster)) {
    assert.ok(leader === 1 || leader === 3)
    assert.deepEqual(inSync, [1, 3])
  }
  assert.ok(isFree(disks[2] ?? assert.fail()))
  await brokerOf(cluster, 2).kill()
  await brokerOf(cluster, 2).start()
  assert.deepEqual(ports(), [9092, 9093, 9094])
  await untilAllInSync(cluster, clock)
  assert.deepEqual(lines, [])
  await cluster.stop()
  assert.equal(clock.waiting, 0)
})

test('a stopped broker has handed over what it led, and closed its logs', async () => {
  const { start, ports, disks, clock, connect } = machine()
  const cluster = await start()
  const client = connect(9092)
  const stopping = brokerOf(cluster, 1).stop()
  assert.ok(brokerOf(cluster, 1).isRunning)
  await stopping
  assert.notEqual(client.state, 'open')
  assert.deepEqual([ports(), brokerOf(cluster, 1).isRunning], [[9093, 9094], false])
  assert.ok(partitionsOf(cluster).every(({ leader }) => leader > 1))
  assert.ok(disks[1]?.exists('.kafka_cleanshutdown'))
  await brokerOf(cluster, 1).stop()
  await brokerOf(cluster, 1).restart()
  await brokerOf(cluster, 1).restart()
  assert.equal(ports().length, 3)
  await untilAllInSync(cluster, clock)
  await cluster.stop()
})

test('what is asked of one broker is done one after the other', async () => {
  const { start, ports } = machine()
  const cluster = await start()
  const broker = brokerOf(cluster, 3)
  await Promise.all([broker.stop(), broker.start(), broker.kill(), broker.start(), broker.restart()])
  assert.ok(broker.isRunning)
  assert.equal(ports().length, 3)
  await Promise.all([brokerOf(cluster, 1).kill(), brokerOf(cluster, 2).stop(), broker.kill()])
  assert.deepEqual(ports(), [])
  await Promise.all([brokerOf(cluster, 1).start(), brokerOf(cluster, 2).start(), broker.start()])
  assert.equal(ports().length, 3)
  await cluster.stop()
})

test('a broker whose port was taken meanwhile does not come back, and does later', async () => {
  const { start, listening, disks } = machine()
  const cluster = await start()
  await brokerOf(cluster, 2).kill()
  listening.set(9093, () => {})
  await assert.rejects(brokerOf(cluster, 2).start(), { name: 'StartError', problem: 'port-in-use' })
  assert.ok(!brokerOf(cluster, 2).isRunning && isFree(disks[2] ?? assert.fail()))
  listening.delete(9093)
  const unlock = disks[2]?.lock()
  await assert.rejects(brokerOf(cluster, 2).start(), { name: 'StartError', problem: 'directory-in-use' })
  assert.ok(!listening.has(9093))
  unlock?.()
  await brokerOf(cluster, 2).start()
  await cluster.stop()
})

test('a stop of all waits for what is being done, and nothing starts after it', async () => {
  const { start, ports, disks, clock } = machine()
  const cluster = await start()
  await brokerOf(cluster, 1).kill()
  const coming = brokerOf(cluster, 1).start()
  const stopped = cluster.stop()
  const late = brokerOf(cluster, 2).restart()
  await assert.rejects(late, StartError)
  await Promise.all([coming.catch(() => {}), stopped])
  assert.deepEqual([ports(), clock.waiting], [[], 0])
  assert.deepEqual(disks.map(isFree), [true, true, true, true])
})

test('the names in a directory tell how many brokers it is of', () => {
  assert.equal(brokersIn([]), 0)
  assert.equal(brokersIn(['.lock', 'meta.properties', 'orders-0', 'broker-1']), 1)
  assert.equal(brokersIn(['broker-1', 'broker-10', 'controller']), 10)
  assert.equal(brokersIn(['broker-1', 'broker-2', 'src']), 0)
})

test('a broker that stops itself after a mistake runs no more and gives its port and its disk back; it can be started again', async () => {
  const { start, lines, ports, disks, clock } = machine()
  const cluster = await start()
  const throwing = (): never => {
    throw new Error('a mistake')
  }
  const planted = mock.method(ClusterImage.prototype, 'takeDelta', throwing, { times: 1 })
  await cluster.controller.createTopics([newTopic('more', { partitions: 1, replicationFactor: -1 })])
  planted.mock.restore()
  const broken = [...cluster.brokers.values()].find(({ isRunning }) => !isRunning) ?? assert.fail('all run')
  assert.match(lines.join('\n'), /met a mistake of the broker, please report it/)
  await broken.settled()
  assert.equal(ports().length, 2)
  assert.ok(isFree(disks[broken.id] ?? assert.fail('no disk')))
  await broken.start()
  assert.ok(broken.isRunning)
  await untilAllInSync(cluster, clock)
  await cluster.stop()
  assert.deepEqual(disks.map(isFree), [true, true, true, true])
})

test('a broker whose stop the controller’s disk refuses is gone all the same, and others lead what it led', async () => {
  const { start, clock } = machine()
  const cluster = await start()
  const refuse = (): never => {
    throw new DiskError('full', '', 'There is no room.')
  }
  mock.method(cluster.controller.brokers, 'shutDown', refuse, { times: 1 })
  await assert.rejects(brokerOf(cluster, 2).stop(), /There is no room/)
  assert.ok(partitionsOf(cluster).every(({ leader }) => leader !== 2 && leader > 0))
  await brokerOf(cluster, 2).start()
  await untilAllInSync(cluster, clock)
  await cluster.stop()
})

/** The image of the next broker that comes, so that it cannot follow the controller any more when the test wants it to. */
function imageOfNext(): () => ClusterImage {
  const images: ClusterImage[] = []
  const { takeDelta } = ClusterImage.prototype
  const planted = mock.method(ClusterImage.prototype, 'takeDelta', function (this: ClusterImage) {
    images.push(this)
    return takeDelta.call(this)
  })
  return () => {
    planted.mock.restore()
    return images[0] ?? assert.fail('nobody came')
  }
}

const throwing = (): never => {
  throw new Error('a mistake')
}

test('a broker that stops itself while it starts leads nothing; the others serve, and it can be started again', async () => {
  const { start, ports, disks, clock } = machine()
  const first = await start()
  await first.stop()
  const image = imageOfNext()
  const { register } = BrokerControl.prototype
  // It has registered when it meets its mistake: the next change is the registration of another.
  const planted = mock.method(BrokerControl.prototype, 'register', function (this: BrokerControl, of: Registration) {
    if (of.id === 2) image().takeDelta = throwing
    return register.call(this, of)
  })
  const cluster = await start()
  planted.mock.restore()
  assert.deepEqual([ports(), brokerOf(cluster, 1).isRunning], [[9093, 9094], false])
  assert.ok(partitionsOf(cluster).every(({ leader }) => leader > 1))
  assert.ok(isFree(disks[1] ?? assert.fail('no disk')))
  await brokerOf(cluster, 1).start()
  await untilAllInSync(cluster, clock)
  await cluster.stop()
  assert.deepEqual([ports(), clock.waiting], [[], 0])
})

test('a broker that stops itself while its logs are recovered keeps nobody waiting', { timeout: 20_000 }, async () => {
  const { start, ports, disks, clock } = machine()
  const cluster = await start()
  await brokerOf(cluster, 2).kill()
  const image = imageOfNext()
  // Of a disk that syncs slowly; when it is taken back the sync never comes.
  const recovering = mock.method(Replicas.prototype, 'recovered', () => new Promise<void>(() => {}), { times: 1 })
  const starting = brokerOf(cluster, 2).start()
  while (recovering.mock.callCount() === 0) await new Promise(setImmediate)
  recovering.mock.restore()
  image().takeDelta = throwing
  await cluster.controller.createTopics([newTopic('more', { partitions: 1, replicationFactor: 2 })])
  await assert.rejects(starting, StartError)
  assert.deepEqual([ports(), brokerOf(cluster, 2).isRunning], [[9092, 9094], false])
  assert.ok(isFree(disks[2] ?? assert.fail('no disk')))
  await brokerOf(cluster, 2).start()
  await untilAllInSync(cluster, clock)
  await cluster.stop()
  assert.deepEqual([ports(), clock.waiting], [[], 0])
})

test('a kill while all stop leaves the stop a clean one', { timeout: 20_000 }, async () => {
  const { start, disks, clock } = machine()
  const cluster = await start()
  const stopped = cluster.stop()
  await Promise.all([stopped, brokerOf(cluster, 1).kill(), brokerOf(cluster, 2).stop()])
  assert.ok([disks[1], disks[2], disks[3]].every((disk) => disk?.exists('.kafka_cleanshutdown')))
  assert.deepEqual([disks.map(isFree), clock.waiting], [[true, true, true, true], 0])
})
