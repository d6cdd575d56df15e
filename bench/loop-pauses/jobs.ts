/** What a broker does of much at once, and what it has to be asked for that. */
import { setTimeout as wait } from 'node:timers/promises'
import { ErrorCode } from '../../src/protocol/error-codes.ts'
import { CreateTopicsRequest } from '../../src/protocol/generated/api/create-topics-request.ts'
import { DeleteRecordsRequest } from '../../src/protocol/generated/api/delete-records-request.ts'
import { DeleteTopicsRequest } from '../../src/protocol/generated/api/delete-topics-request.ts'
import { FetchRequest } from '../../src/protocol/generated/api/fetch-request.ts'
import { FindCoordinatorRequest } from '../../src/protocol/generated/api/find-coordinator-request.ts'
import { MetadataRequest } from '../../src/protocol/generated/api/metadata-request.ts'
import { OffsetCommitRequest } from '../../src/protocol/generated/api/offset-commit-request.ts'
import { OffsetFetchRequest } from '../../src/protocol/generated/api/offset-fetch-request.ts'
import { OffsetFetchResponse } from '../../src/protocol/generated/api/offset-fetch-response.ts'
import { ProduceRequest } from '../../src/protocol/generated/api/produce-request.ts'
import { recordBatch } from '../../test/harness/record-batch.ts'
import { Engine } from './engine.ts'
import { watching } from './watched-loop.ts'

/** What each job held the loop up for, at most. */
export type Pauses = Record<string, { readonly tookMs: number; readonly longestPauseMs: number }>

const producing = (topic: string, partitions: number) => ({
  ...{ acks: -1, timeoutMs: 60_000 },
  topicData: [
    {
      name: topic,
      partitionData: Array.from({ length: partitions }, (_, index) => ({
        index,
        records: recordBatch(['x'.repeat(100)])
      }))
    }
  ]
})

const topicOf = (name: string, numPartitions: number) => ({
  ...{ name, numPartitions, replicationFactor: 1, assignments: [], configs: [] }
})

function creating(engine: Engine, topics: readonly (readonly [name: string, partitions: number])[]) {
  const wanted = topics.map(([name, partitions]) => topicOf(name, partitions))
  return engine.prepared(CreateTopicsRequest, 5, { topics: wanted, timeoutMs: 60_000, validateOnly: false })
}

/** A topic of many partitions is made and written to; others are deleted beside it; readers wait for it; all is closed. */
export async function partitionJobs(directory: string, partitions: number): Promise<Pauses> {
  const pauses: Pauses = {}
  const engine = await Engine.start(directory)
  pauses['create topic'] = await watching(creating(engine, [['many', partitions]]))
  pauses.produce = await watching(engine.prepared(ProduceRequest, 9, producing('many', partitions)))
  await creating(
    engine,
    Array.from({ length: 100 }, (_, index) => [`t${index}`, 10] as const)
  )()
  for (let index = 0; index < 100; index += 1) await engine.prepared(ProduceRequest, 9, producing(`t${index}`, 10))()
  const topicNames = Array.from({ length: 100 }, (_, index) => `t${index}`)
  const deleting = engine.prepared(DeleteTopicsRequest, 5, { topicNames, timeoutMs: 60_000 })
  pauses['delete topics'] = await watching(async () => {
    await deleting()
    // The directories are removed behind it.
    await wait(2000)
  })
  pauses['long polls'] = await watching(longPolls(engine, Math.min(1000, partitions)))
  const all = { topics: null, allowAutoTopicCreation: false }
  pauses.metadata = await watching(engine.prepared(MetadataRequest, 9, all))
  pauses['delete records'] = await watching(engine.prepared(DeleteRecordsRequest, 2, trimming('many', partitions)))
  pauses.housekeeping = await watching(() => wait(3000))
  await engine.prepared(ProduceRequest, 9, producing('many', partitions))()
  pauses.stop = await watching(() => engine.stop())
  return pauses
}

const trimming = (name: string, partitions: number) => ({
  topics: [
    { name, partitions: Array.from({ length: partitions }, (_, partitionIndex) => ({ partitionIndex, offset: 1 })) }
  ],
  timeoutMs: 60_000
})

function longPolls(engine: Engine, partitions: number): () => Promise<unknown> {
  const topics = [
    {
      topic: 'many',
      partitions: Array.from({ length: partitions }, (_, partition) => ({
        ...{ partition, fetchOffset: 1, partitionMaxBytes: 1_048_576 }
      }))
    }
  ]
  const body = { maxWaitMs: 500, minBytes: 1, maxBytes: 50_000_000, isolationLevel: 0, sessionEpoch: -1, topics }
  const polls = Array.from({ length: 200 }, () => engine.prepared(FetchRequest, 11, body))
  return () => Promise.all(polls.map((poll) => poll()))
}

/** A group has committed so often; the next start reads that. */
export async function loadingJobs(directory: string, commits: number): Promise<Pauses> {
  const first = await Engine.start(directory)
  await creating(first, [['read', 1000]])()
  const groupId = 'readers'
  await untilCoordinated(first, groupId)
  const partitions = Array.from({ length: 1000 }, (_, partitionIndex) => ({
    partitionIndex,
    committedOffset: 1,
    committedMetadata: ''
  }))
  for (let sent = 0; sent < commits; sent += partitions.length) {
    await first.prepared(OffsetCommitRequest, 7, { groupId, topics: [{ name: 'read', partitions }] })()
  }
  await first.stop()
  const second = await Engine.start(directory)
  const loading = await watching(() => untilCoordinated(second, groupId))
  await second.stop()
  return { 'load a coordinator': loading }
}

/** A coordinator is loaded when it is asked for. */
async function untilCoordinated(engine: Engine, groupId: string): Promise<void> {
  await engine.prepared(FindCoordinatorRequest, 3, { key: groupId, keyType: 0 })()
  const body = { groupId, topics: [{ name: 'read', partitionIndexes: [0] }] }
  for (;;) {
    const { errorCode } = await engine.ask(OffsetFetchRequest, OffsetFetchResponse, 7, body)
    if (errorCode === ErrorCode.NONE) return
    await wait(1)
  }
}
