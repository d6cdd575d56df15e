/** The rows of the comparison. A row says what it measures, in two sizes, and how one contender is measured once. */
import type { BrokerProcess } from '../../test/harness/broker-process.ts'
import { residentBytes } from '../../test/harness/memory.ts'
import { createByAsking } from '../../test/harness/raw-requests.ts'
import { RawConnection } from '../../test/harness/wire.ts'
import type { ContenderName, Durability } from './contenders.ts'
import { consumerPerformance, endToEndLatency, producerPerformance } from './java-clients.ts'

export type Size = 'full' | 'quick'

export interface Row {
  readonly name: string
  readonly what: string
  readonly unit: string
  readonly better: 'more' | 'less'
  readonly durability: Durability
  readonly recordBytes: number
  readonly contenders: readonly ContenderName[]
  /** 'each': a round starts the broker anew; 'once': all rounds are against the same process. */
  readonly start: 'each' | 'once'
  measure(broker: BrokerProcess, topic: string, size: Size): Promise<number>
}

const ALL: readonly ContenderName[] = ['kafka', 'odradek', 'null']
const BROKERS: readonly ContenderName[] = ['kafka', 'odradek']
const SETTLE_MS = 2000

async function createTopic(broker: BrokerProcess, topic: string): Promise<void> {
  const connection = await RawConnection.open(broker.bootstrap)
  await createByAsking(connection, topic)
  connection.close()
}

interface Produce {
  readonly recordBytes: number
  readonly acks: 'all' | '1'
  readonly records: Readonly<Record<Size, number>>
}

const small: Produce = { recordBytes: 100, acks: '1', records: { full: 2_000_000, quick: 50_000 } }
const large: Produce = { recordBytes: 1000, acks: 'all', records: { full: 400_000, quick: 10_000 } }

async function produce(broker: BrokerProcess, topic: string, size: Size, load: Produce): Promise<number> {
  await createTopic(broker, topic)
  const { recordBytes, acks, records } = load
  return await producerPerformance({ bootstrap: broker.bootstrap, topic, records: records[size], recordBytes, acks })
}

function produceRow(name: string, what: string, durability: Durability, load: Produce): Row {
  return {
    name,
    what,
    unit: 'records/s',
    better: 'more',
    durability,
    recordBytes: load.recordBytes,
    contenders: ALL,
    start: 'once',
    measure: (broker, topic, size) => produce(broker, topic, size, load)
  }
}

function consumeRow(name: string, what: string, load: Produce): Row {
  return {
    ...produceRow(name, what, 'os', load),
    async measure(broker, topic, size) {
      if (broker.kind !== 'null') await produce(broker, topic, size, load)
      return await consumerPerformance(broker.bootstrap, topic, load.records[size])
    }
  }
}

function latencyRow(acks: 'all' | '1'): Row {
  return {
    name: `latency-acks-${acks}`,
    what: `EndToEndLatency, 5000 records one by one, acks=${acks}, p99`,
    unit: 'ms',
    better: 'less',
    durability: 'disk',
    recordBytes: 100,
    contenders: BROKERS,
    start: 'once',
    async measure(broker, topic, size) {
      await createTopic(broker, topic)
      const load = { bootstrap: broker.bootstrap, topic, records: size === 'full' ? 5000 : 200, recordBytes: 100, acks }
      return (await endToEndLatency(load)).p99Ms
    }
  }
}

function memoryRow(
  name: string,
  what: string,
  before: (broker: BrokerProcess, topic: string, size: Size) => Promise<unknown>
): Row {
  return {
    name,
    what,
    unit: 'MB',
    better: 'less',
    durability: 'disk',
    recordBytes: small.recordBytes,
    contenders: BROKERS,
    start: 'each',
    async measure(broker, topic, size) {
      await before(broker, topic, size)
      await new Promise((resolve) => setTimeout(resolve, SETTLE_MS))
      return residentBytes(broker.pid) / 1e6
    }
  }
}

export const rows: readonly Row[] = [
  produceRow('produce-small', '100 B records, acks=1', 'disk', small),
  produceRow('produce-1k', '1 KB records, acks=all, ours with --durability os: like for like', 'os', large),
  produceRow('produce-1k-safe', '1 KB records, acks=all, ours synced before each ack, Kafka not', 'disk', large),
  consumeRow('consume-small', '100 B records, time of fetching', small),
  consumeRow('consume-1k', '1 KB records, time of fetching', large),
  latencyRow('1'),
  latencyRow('all'),
  {
    name: 'start',
    what: 'from the start of the process to a Metadata answer',
    unit: 'ms',
    better: 'less',
    durability: 'disk',
    recordBytes: 100,
    contenders: BROKERS,
    start: 'each',
    measure: async (broker) => broker.startMs
  },
  memoryRow('memory-idle', 'resident, just started', async () => {}),
  memoryRow(
    'memory-loaded',
    'resident, after producing and consuming the small records',
    async (broker, topic, size) => {
      await produce(broker, topic, size, small)
      await consumerPerformance(broker.bootstrap, topic, small.records[size])
    }
  )
]
