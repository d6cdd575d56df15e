/**
 * The paths that most requests take, each as a client of today sends them, through the whole broker without sockets: bytes
 * that came in, bytes that go out, files on a real disk.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Clock } from '../../src/host/clock.ts'
import { nodeChance } from '../../src/host/node/chance.ts'
import { nodeClock } from '../../src/host/node/clock.ts'
import { NodeDisk } from '../../src/host/node/disk.ts'
import { encodeRequest } from '../../src/protocol/frame.ts'
import { FetchRequest } from '../../src/protocol/generated/api/fetch-request.ts'
import { MetadataRequest } from '../../src/protocol/generated/api/metadata-request.ts'
import { ProduceRequest } from '../../src/protocol/generated/api/produce-request.ts'
import { type RunningServer, startServer } from '../../src/server/start.ts'
import { recordBatch } from '../../test/harness/record-batch.ts'
import { CountingConnection, type Counts, countingDisk, noCounts, OneConnectionNetwork } from './counting-host.ts'

const topic = 'hot'
const clientId = 'producer-1'
/** Java's batch.size. */
const batchBytes = 16_384
/** Java's max.in.flight.requests.per.connection. */
const inFlight = 5
const megabyte = 1024 * 1024
const produceVersion = 12
const fetchVersion = 12
const metadataVersion = 12

export interface Bench {
  readonly counts: Counts
  readonly connection: CountingConnection
  stop(): Promise<void>
}

/** `wasteful` is the canary of the budgets: what comes in is copied once more than needed. */
export async function startBench(kind: 'real' | 'wasteful' = 'real'): Promise<Bench> {
  const counts = noCounts()
  const directory = mkdtempSync(join(tmpdir(), 'odradek-hot-'))
  const network = new OneConnectionNetwork()
  const clock: Clock = {
    ...nodeClock,
    after(delayMs, callback) {
      counts.timers += 1
      return nodeClock.after(delayMs, callback)
    }
  }
  const server: RunningServer = await startServer({
    host: { disk: countingDisk(new NodeDisk(directory), counts), clock, chance: nodeChance, network },
    listenHost: '127.0.0.1',
    port: 0,
    advertised: null,
    durability: 'disk',
    config: {},
    topics: [{ name: topic, partitions: 1, replicationFactor: -1, assignments: [], config: new Map() }],
    log: (line) => process.stderr.write(`${line}\n`)
  })
  const connection = new CountingConnection(counts, kind === 'wasteful' ? (chunk) => Buffer.from(chunk) : undefined)
  network.connect(connection)
  return {
    counts,
    connection,
    async stop() {
      await server.stop()
      rmSync(directory, { recursive: true, force: true })
    }
  }
}

/** What is done once for each request, made ahead, so that only the broker's part is seen. */
export interface HotPath {
  readonly name: string
  readonly what: string
  /** Bytes of records in one request. */
  readonly recordBytes: number
  prepare(bench: Bench, requests: number): Promise<() => Promise<void>>
}

function produceFrame(batch: Buffer, acks: number): Buffer {
  const topicData = [{ name: topic, partitionData: [{ index: 0, records: batch }] }]
  return Buffer.concat(
    encodeRequest(1, clientId, ProduceRequest, produceVersion, { acks, timeoutMs: 30_000, topicData })
  )
}

function batchOf(recordBytes: number): Buffer {
  const count = Math.floor(batchBytes / (recordBytes + 8))
  return recordBatch(Array.from({ length: count }, () => Buffer.alloc(recordBytes, 'x')))
}

function producePath(name: string, what: string, recordBytes: number, acks: number): HotPath {
  const batch = batchOf(recordBytes)
  return {
    name,
    what,
    recordBytes: batch.length,
    async prepare({ connection }, requests) {
      const frame = produceFrame(batch, acks)
      // Each is changed where it lies, and used once.
      const frames = Array.from({ length: requests }, () => Buffer.from(frame))
      let next = 0
      return async () => {
        const answered = connection.answered()
        connection.receive(frames[next++] ?? frame)
        await answered
      }
    }
  }
}

function fetchFrame(offset: number, session: { id: number; epoch: number }, minBytes = 1, maxWaitMs = 500): Buffer {
  const partition = { partition: 0, fetchOffset: offset, partitionMaxBytes: megabyte, currentLeaderEpoch: 0 }
  const body = {
    maxWaitMs,
    minBytes,
    maxBytes: 50 * megabyte,
    isolationLevel: 0,
    sessionId: session.id,
    sessionEpoch: session.epoch,
    topics: [{ topic, partitions: [partition] }],
    forgottenTopicsData: []
  }
  return Buffer.concat(encodeRequest(2, 'consumer-1', FetchRequest, fetchVersion, body))
}

/** Asks again for what the session has. */
function emptyFetchFrame(session: { id: number; epoch: number }): Buffer {
  const body = {
    maxWaitMs: 0,
    minBytes: 1,
    maxBytes: 50 * megabyte,
    isolationLevel: 0,
    sessionId: session.id,
    sessionEpoch: session.epoch,
    topics: [],
    forgottenTopicsData: []
  }
  return Buffer.concat(encodeRequest(2, 'consumer-1', FetchRequest, fetchVersion, body))
}

/** Opens a fetch session at the offset; gives its id. */
async function openSession({ connection }: Bench, offset: number): Promise<number> {
  const answered = connection.answered()
  connection.receive(fetchFrame(offset, { id: 0, epoch: 0 }, 0, 0))
  await answered
  // Size, correlation id, no tags, throttle time, error code, session id.
  return Buffer.from(connection.last[0] ?? []).readInt32BE(4 + 4 + 1 + 4 + 2)
}

const fetchPath: HotPath = {
  name: 'fetch-1m',
  what: 'Fetch of 1 MB, one after the other, in a session',
  recordBytes: megabyte,
  async prepare(bench, requests) {
    const { connection } = bench
    const batch = batchOf(1000)
    const recordsInBatch = batch.readInt32BE(57)
    const batchesInAnswer = Math.floor(megabyte / batch.length)
    const answersInLog = 32
    const frame = produceFrame(batch, -1)
    for (let index = 0; index < answersInLog * batchesInAnswer; index++) {
      const answered = connection.answered()
      connection.receive(Buffer.from(frame))
      await answered
    }
    const id = await openSession(bench, 0)
    const frames = Array.from({ length: requests }, (_, index) =>
      fetchFrame((index % answersInLog) * batchesInAnswer * recordsInBatch, { id, epoch: index + 1 })
    )
    let next = 0
    return async () => {
      const answered = connection.answered()
      connection.receive(frames[next++] ?? frame)
      await answered
    }
  }
}

const emptyPath: HotPath = {
  name: 'fetch-empty',
  what: 'a Fetch at the end of the log that does not wait, in a session',
  recordBytes: 0,
  async prepare(bench, requests) {
    const { connection } = bench
    const id = await openSession(bench, await endOffset(bench))
    const frames = Array.from({ length: requests }, (_, index) => emptyFetchFrame({ id, epoch: index + 1 }))
    let next = 0
    return async () => {
      const answered = connection.answered()
      connection.receive(frames[next++] ?? Buffer.alloc(0))
      await answered
    }
  }
}

const tailPath: HotPath = {
  name: 'fetch-tail',
  what: 'a Fetch that waits, and a Produce of one record that wakes it',
  recordBytes: 100,
  async prepare(bench, requests) {
    const { connection } = bench
    const frame = produceFrame(recordBatch([Buffer.alloc(100, 'x')]), 1)
    const produce = async (bytes: Buffer): Promise<void> => {
      const answered = connection.answered()
      connection.receive(bytes)
      await answered
    }
    const id = await openSession(bench, await endOffset(bench))
    const start = await endOffset(bench)
    const rounds = Array.from({ length: requests }, (_, index) => ({
      fetch: fetchFrame(start + index, { id, epoch: index + 1 }),
      produce: Buffer.from(frame)
    }))
    let next = 0
    return async () => {
      const round = rounds[next++]
      if (round === undefined) return
      // The answer to the produce waits behind that to the fetch, and leaves with it.
      connection.receive(round.fetch)
      await produce(round.produce)
    }
  }
}

/** By the answer to a Produce of one record. */
async function endOffset({ connection }: Bench): Promise<number> {
  const answered = connection.answered()
  connection.receive(produceFrame(recordBatch(['x']), 1))
  await answered
  // Size, correlation id, tags, count, name, count, index, error, base offset.
  const position = 4 + 4 + 1 + 1 + 1 + topic.length + 1 + 4 + 2
  return Number(Buffer.from(connection.last[0] ?? []).readBigInt64BE(position)) + 1
}

const metadataPath: HotPath = {
  name: 'metadata',
  what: 'Metadata of one topic',
  recordBytes: 0,
  async prepare({ connection }) {
    const frame = Buffer.concat(
      encodeRequest(3, clientId, MetadataRequest, metadataVersion, { topics: [{ name: topic }] })
    )
    return async () => {
      const answered = connection.answered()
      connection.receive(frame)
      await answered
    }
  }
}

/** Five batches in one chunk of the socket, as from a client with five requests in flight. */
function pipelinedPath(name: string, what: string, recordBytes: number, acks: number): HotPath {
  const batch = batchOf(recordBytes)
  return {
    name,
    what,
    recordBytes: inFlight * batch.length,
    async prepare({ connection }, requests) {
      const chunk = Buffer.concat(Array.from({ length: inFlight }, () => produceFrame(batch, acks)))
      const chunks = Array.from({ length: requests }, () => Buffer.from(chunk))
      let next = 0
      return async () => {
        const answered = connection.answered()
        connection.receive(chunks[next++] ?? chunk)
        await answered
      }
    }
  }
}

export const hotPaths: readonly HotPath[] = [
  producePath('produce-1', 'Produce of one batch of 16 KB, records of 100 B, acks=1', 100, 1),
  producePath('produce-all', 'the same, records of 1 KB, acks=all', 1000, -1),
  pipelinedPath('produce-5', 'five of the first in one chunk of the socket', 100, 1),
  fetchPath,
  emptyPath,
  tailPath,
  metadataPath
]
