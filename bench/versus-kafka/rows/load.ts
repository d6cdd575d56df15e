/** The loads that rows of several families share, and the figures that each of them gives. */
import type { BrokerProcess } from '../../../test/harness/broker-process.ts'
import { createByAsking } from '../../../test/harness/raw-requests.ts'
import { RawConnection } from '../../../test/harness/wire.ts'
import { consumerPerformance, producerPerformance } from '../../java/tools.ts'
import { spentBy } from '../cpu.ts'
import type { Figure, Sample, Size } from '../row.ts'

export interface Produce {
  readonly recordBytes: number
  readonly acks: 'all' | '1'
  readonly records: Readonly<Record<Size, number>>
  readonly compression?: 'lz4' | 'zstd'
}

export const small: Produce = { recordBytes: 100, acks: '1', records: { full: 2_000_000, quick: 50_000 } }
export const large: Produce = { recordBytes: 1000, acks: 'all', records: { full: 400_000, quick: 10_000 } }

export const loadFigures: readonly Figure[] = [
  { key: 'rate', what: 'rate', unit: 'records/s', better: 'more' },
  { key: 'broker-cpu', what: 'CPU of the broker', unit: 's/M records', better: 'less' },
  { key: 'client-cpu', what: 'CPU of the client, starting Java included', unit: 's/M records', better: 'less' }
]

export async function createTopic(broker: BrokerProcess, topic: string): Promise<void> {
  const connection = await RawConnection.open(broker.bootstrap)
  await createByAsking(connection, topic)
  connection.close()
}

async function measured(broker: BrokerProcess, records: number, load: () => Promise<number>): Promise<Sample> {
  const { result, brokerSeconds, clientSeconds } = await spentBy(broker.pid, load)
  const millions = records / 1e6
  return { rate: result, 'broker-cpu': brokerSeconds / millions, 'client-cpu': clientSeconds / millions }
}

export async function produce(broker: BrokerProcess, topic: string, size: Size, load: Produce): Promise<Sample> {
  await createTopic(broker, topic)
  const { records, ...what } = load
  const count = records[size]
  return await measured(broker, count, () =>
    producerPerformance({ ...what, bootstrap: broker.bootstrap, topic, records: count })
  )
}

export async function consume(broker: BrokerProcess, topic: string, size: Size, load: Produce): Promise<Sample> {
  const count = load.records[size]
  return await measured(broker, count, () => consumerPerformance(broker.bootstrap, topic, count))
}
