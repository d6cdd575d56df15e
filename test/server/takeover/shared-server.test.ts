/** One broker for all processes of a machine, whatever happens to them: on a machine in memory, under a clock that is wound. */

import assert from 'node:assert/strict'
import { mock, test } from 'node:test'
import { ClusterImage } from '../../../src/coordination/metadata/image.ts'
import { DiskError } from '../../../src/host/disk.ts'
import { limits } from '../../../src/limits.ts'
import type { Address } from '../../../src/server/address.ts'
import { rememberAddress, rememberedAddress } from '../../../src/server/remembered-address.ts'
import { StartError } from '../../../src/server/start-error.ts'
import { SharedServer, type SharedServerOptions } from '../../../src/server/takeover/shared-server.ts'
import * as fc from '../../harness/properties.ts'
import { Machine, type Process } from './machine.ts'

const somewhere = { host: '127.0.0.1', port: 21_000 }

function topic(name: string) {
  return { name, partitions: 1, replicationFactor: -1, assignments: [], config: new Map<string, string>() }
}

function open(process: Process, more: Partial<SharedServerOptions> = {}): Promise<SharedServer> {
  const { host, dialer } = process
  const rest = { advertised: null, durability: 'disk', config: {}, topics: [], log: () => {}, wantedPort: 0 } as const
  return SharedServer.open({ host, dialer, ...rest, ...more })
}

async function refusalOf(machine: Machine, opening: Promise<unknown>): Promise<StartError> {
  const error = await machine.finish(
    opening.catch((reason: unknown) => reason),
    25
  )
  assert.ok(error instanceof StartError, String(error))
  return error
}

/** A lock held by a process that runs no broker. */
function holdLock(machine: Machine): () => void {
  return machine.start().host.disk.lock()
}

test('opening gives up on a holder that cannot be reached, after the time of two clean stops, and leaves nothing behind', async () => {
  const machine = new Machine()
  holdLock(machine)
  rememberAddress(machine.disk, somewhere)
  const { problem, message } = await refusalOf(machine, open(machine.start()))
  assert.equal(problem, 'directory-in-use')
  assert.deepEqual(message.split('\n'), [
    'The directory is in use by process 1.',
    '  why: its broker is not at 127.0.0.1:21000',
    '  try: Connect to it by its own address, or stop it and start this program again.'
  ])
  const waitedMs = machine.clock.monotonicMs()
  assert.ok(waitedMs >= limits.openUnreachableMs && waitedMs < 1.1 * limits.openUnreachableMs, `${waitedMs} ms`)
  assert.deepEqual([machine.clock.waiting, machine.ports.size], [0, 0])
})

test('opening waits for a holder that stops meanwhile, and serves then', async () => {
  const machine = new Machine()
  const release = holdLock(machine)
  machine.clock.after(5_000, release)
  const shared = await machine.finish(open(machine.start()))
  assert.equal(shared.isServing, true)
  assert.ok(machine.clock.monotonicMs() < 5_000 + 2 * limits.takeoverPauseMs)
  await machine.finish(shared.stop())
  assert.deepEqual([machine.clock.waiting, machine.ports.size, machine.holder], [0, 0, null])
})

test('opening waits longer for one that accepts and does not answer: it may recover a large log', async () => {
  const machine = new Machine()
  holdLock(machine)
  rememberAddress(machine.disk, somewhere)
  machine.occupy(somewhere.port)
  const { message } = await refusalOf(machine, open(machine.start()))
  assert.match(message, /whoever is at 127\.0\.0\.1:21000 does not answer/)
  const waitedMs = machine.clock.monotonicMs()
  assert.ok(waitedMs >= limits.openSilentMs && waitedMs < 1.2 * limits.openSilentMs, `${waitedMs} ms`)
  assert.equal(machine.clock.waiting, 0)
})

test('a directory that Apache Kafka holds is told at once', async () => {
  const machine = new Machine()
  const process = machine.start()
  const lock = (): never => {
    throw new DiskError('foreign-lock', '', 'The directory /data is in use by process 7. Stop it.')
  }
  const disk = new Proxy(process.host.disk, {
    get: (target, name) => (name === 'lock' ? lock : Reflect.get(target, name, target))
  })
  const { problem, message } = await refusalOf(machine, open(process, { host: { ...process.host, disk } }))
  assert.equal(problem, 'directory-in-use')
  assert.match(message, /in use by process 7\.\n {2}why: it is locked as Apache Kafka does it/)
  assert.equal(machine.clock.monotonicMs(), 0)
})

test('the broker of another directory, at the address that this one remembers, is not used', async () => {
  const [machine, other] = [new Machine(), new Machine(2, '/copy')]
  const stranger = await other.finish(open(other.start(), { wantedPort: somewhere.port }))
  const accept = other.ports.get(somewhere.port)?.accept
  holdLock(machine)
  rememberAddress(machine.disk, somewhere)
  machine.occupy(somewhere.port, accept)
  const { message } = await refusalOf(machine, open(machine.start()))
  assert.match(message, /its broker is not at 127\.0\.0\.1:21000/)
  await other.finish(stranger.stop())
})

test('whoever speaks something else at the remembered address costs nothing', async () => {
  const machine = new Machine()
  const release = holdLock(machine)
  rememberAddress(machine.disk, somewhere)
  machine.occupy(somewhere.port, (connection) => {
    connection.onData(() => connection.write([Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n')]))
  })
  machine.clock.after(1_000, release)
  const shared = await machine.finish(open(machine.start()))
  assert.notEqual(shared.address.port, somewhere.port)
  await machine.finish(shared.stop())
})

test('a connection that the broker closes because it was idle is made again, and nobody takes over', async () => {
  const machine = new Machine()
  const first = await machine.finish(open(machine.start()))
  const lines: string[] = []
  const second = await machine.finish(open(machine.start(), { log: (line) => lines.push(line) }))
  machine.clock.advance(limits.connectionIdleMs + 2 * limits.idleCheckMs)
  await machine.settle()
  assert.deepEqual([first.isServing, second.isServing, lines], [true, false, []])
  await machine.finish(first.stop())
  assert.ok((await machine.until(() => second.isServing)) < 1_000)
  await machine.finish(second.stop())
})

test('a stop in the midst of a takeover leaves nothing behind', async () => {
  for (let stepMs = 0; stepMs < 30; stepMs++) {
    const machine = new Machine(stepMs)
    machine.dyingMs = { port: 10, lock: 5 }
    const server = machine.start()
    await machine.finish(open(server, { topics: [topic('orders')] }))
    const second = await machine.finish(open(machine.start()))
    server.kill()
    machine.clock.advance(stepMs)
    await machine.finish(second.stop())
    assert.equal(second.isServing, false)
    machine.clock.advance(100)
    await machine.settle()
    assert.deepEqual([machine.ports.size, machine.holder], [0, null])
  }
})

test('who is stopped while the port is not free yet leaves the address to the next', async () => {
  const machine = new Machine()
  machine.dyingMs = { port: 100, lock: 0 }
  const server = machine.start()
  const { address } = await machine.finish(open(server))
  const others = [machine.start(), machine.start()]
  const handles = [await machine.finish(open(others[0] ?? server)), await machine.finish(open(others[1] ?? server))]
  server.kill()
  await machine.until(() => machine.holder !== null && machine.holder !== server)
  const taking = handles[others.indexOf(machine.holder ?? server)]
  const waiting = handles.find((handle) => handle !== taking)
  await machine.finish(taking?.stop() ?? Promise.reject(new Error('nobody takes over')))
  await machine.until(() => waiting?.isServing === true)
  assert.deepEqual(waiting?.address, address)
  await machine.finish(waiting?.stop() ?? Promise.resolve())
})

const writing: ReadonlySet<string> = new Set(['createDirectory', 'open', 'replaceFile'])

test('a start that fails while taking over is told, and tried again', async () => {
  const machine = new Machine()
  const server = machine.start()
  await machine.finish(open(server))
  const process = machine.start()
  let isFull = false
  const disk = new Proxy(process.host.disk, {
    get(target, name) {
      if (isFull && writing.has(String(name)))
        return () => assert.fail(new DiskError('full', '', 'The disk is full. Free some space.'))
      return Reflect.get(target, name, target)
    }
  })
  const lines: string[] = []
  const host = { ...process.host, disk }
  const second = await machine.finish(open(process, { host, log: (line) => lines.push(line) }))
  isFull = true
  server.kill()
  machine.clock.advance(5_000)
  await machine.settle()
  assert.deepEqual([second.isServing, machine.holder, machine.ports.size], [false, null, 0])
  assert.equal(lines.filter((line) => line.includes('The disk is full')).length, 1)
  isFull = false
  await machine.until(() => second.isServing)
  await machine.finish(second.stop())
})

type Step =
  | { readonly kind: 'open'; readonly ms: number }
  | { readonly kind: 'kill' | 'stop'; readonly which: number; readonly ms: number }
  | { readonly kind: 'stranger'; readonly ms: number }

const ms = fc.nat({ max: 40 })
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('open' as const), ms }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constantFrom('kill' as const, 'stop' as const), which: fc.nat(), ms }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('stranger' as const), ms }) }
)

test('whatever opens, stops and dies: one serves at a time, another within a second, at one address, and nothing acknowledged is lost', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.nat(),
      fc.array(step, { maxLength: 25 }),
      fc.record({ port: ms, lock: ms }),
      async (seed, steps, dyingMs) => {
        const machine = new Machine(seed)
        machine.dyingMs = dyingMs
        const world = new World(machine)
        for (const next of steps) await world.take(next)
        await world.check()
      }
    ),
    { numRuns: 150, includeErrorInReport: true }
  )
})

/** All who opened the directory, what they were promised, and whether it is kept. */
class World {
  readonly #machine: Machine
  readonly #living = new Map<Process, SharedServer>()
  readonly #opening = new Set<Process>()
  readonly #promised: string[] = []
  #topics = 0
  #strangers = 0
  /** Where the directory was served first. */
  #home: Address | null = null

  constructor(machine: Machine) {
    this.#machine = machine
  }

  async take(next: Step): Promise<void> {
    const machine = this.#machine
    if (next.kind === 'open') this.#open()
    else if (next.kind === 'stranger') {
      const address = rememberedAddress(machine.disk)
      if (address !== null && !machine.ports.has(address.port)) {
        machine.occupy(address.port)
        this.#strangers += 1
      }
    } else {
      const [process, shared] = [...this.#living][next.which % Math.max(1, this.#living.size)] ?? []
      if (process !== undefined && shared !== undefined) {
        this.#living.delete(process)
        if (next.kind === 'kill') process.kill()
        else void shared.stop()
      }
    }
    for (let elapsed = 0; elapsed < next.ms; elapsed++) {
      machine.clock.advance(1)
      await new Promise((resolve) => setImmediate(resolve))
      this.#assertOneServes()
    }
  }

  #open(): void {
    const process = this.#machine.start()
    const name = `topic-${this.#topics++}`
    this.#opening.add(process)
    open(process, { topics: [topic(name)] }).then(
      (shared) => {
        this.#opening.delete(process)
        this.#living.set(process, shared)
        this.#promised.push(name)
        this.#home ??= shared.address
      },
      (error: unknown) => {
        throw error
      }
    )
  }

  #assertOneServes(): void {
    const serving = [...this.#living].filter(([, shared]) => shared.isServing)
    assert.ok(serving.length <= 1, 'two serve')
    const ours = [...this.#machine.ports.values()].filter(({ owner }) => owner?.isAlive)
    assert.ok(ours.length <= 1, 'two listen')
    for (const { owner } of ours) assert.equal(owner, this.#machine.holder, 'who listens has the lock')
  }

  async check(): Promise<void> {
    const machine = this.#machine
    const server = () => [...this.#living.values()].find(({ isServing }) => isServing)
    await machine.until(() => this.#opening.size === 0)
    if (this.#living.size === 0) return
    const tookMs = await machine.until(() => server() !== undefined)
    assert.ok(tookMs < 1_000, `${tookMs} ms`)
    const address = server()?.address
    if (this.#strangers === 0 && this.#home !== null) assert.deepEqual(address, this.#home)
    await machine.until(() => [...this.#living.values()].every((shared) => shared.address.port === address?.port))
    this.#assertOneServes()
    assert.deepEqual(rememberedAddress(machine.disk), address)
    const kept = new Set(machine.disk.list('').map((name) => name.replace(/-\d+$/, '')))
    for (const name of this.#promised) assert.ok(kept.has(name), `${name} is lost`)
  }
}

test('a broker that stops itself after a mistake is followed by another, in the same process or the next', async () => {
  const machine = new Machine()
  const lines: string[] = []
  const first = await machine.finish(open(machine.start(), { log: (line) => void lines.push(line) }))
  const planted = mock.method(
    ClusterImage.prototype,
    'takeDelta',
    () => {
      throw new Error('a mistake')
    },
    { times: 1 }
  )
  const second = await machine.finish(open(machine.start(), { topics: [topic('orders')] }))
  planted.mock.restore()
  assert.match(lines.join('\n'), /met a mistake of the broker, please report it/)
  await machine.until(() => first.isServing !== second.isServing)
  await machine.finish(Promise.all([first.stop(), second.stop()]))
  assert.deepEqual([machine.clock.waiting, machine.ports.size, machine.holder], [0, 0, null])
})
