/** The two usual stations: one process for all rounds, or a new one for each. */
import type { BrokerProcess } from '../../test/harness/broker-process.ts'
import { temporaryDirectory } from '../../test/harness/paths.ts'
import { createByAsking } from '../../test/harness/raw-requests.ts'
import { RawConnection } from '../../test/harness/wire.ts'
import { bulkLoad } from '../raw-client/bulk-load.ts'
import { type ContenderName, type StartOptions, startContender } from './contenders.ts'
import type { Sample, Size, Station } from './row.ts'

/** Rounds that count are numbered from 0. */
const COLD_ROUND = -1
/**
 * Rounds of the row's own work that are thrown away after the first: what a row does to a broker (fetch, unpack, wake a
 * consumer) is not what made it warm, and the JVM still compiles in the rounds after it met a path for the first time.
 */
const WARM_ROUNDS: Readonly<Record<Size, number>> = { full: 2, quick: 0 }

/** A directory with thousands of partitions, or gigabytes to recover, takes a broker long. */
const START_TIMEOUT_MS = 300_000

type Measure = (broker: BrokerProcess, round: number) => Promise<Sample>

interface OneBroker {
  /** Makes the broker warm before the rounds that count: five million records, then the row's own work. */
  readonly warmUp?: Size
  readonly options?: StartOptions
  /** Done once, before the first round. */
  readonly prepare?: (broker: BrokerProcess) => Promise<unknown>
  readonly measure: Measure
}

/** All rounds are against the same process, as a broker runs for long. */
export async function onOneBroker(
  name: ContenderName,
  { options, prepare, warmUp, measure }: OneBroker
): Promise<Station> {
  const broker = await startContender(name, options)
  const stop = async (): Promise<void> => await broker.stop()
  try {
    await prepare?.(broker)
  } catch (error) {
    await stop()
    throw error
  }
  const cold = async (): Promise<Sample> => {
    const sample = await measure(broker, COLD_ROUND)
    if (warmUp === undefined) return sample
    await takeManyRecords(broker, warmUp)
    for (let round = 1; round <= WARM_ROUNDS[warmUp]; round += 1) await measure(broker, COLD_ROUND - round)
    return sample
  }
  const station = { round: (index: number) => measure(broker, index), [Symbol.asyncDispose]: stop }
  return warmUp === undefined ? station : { ...station, cold }
}

/** Records that a broker takes before it counts as warm. */
const WARM_UP_RECORDS: Readonly<Record<Size, number>> = { full: 5_000_000, quick: 20_000 }

/** Batches of 16 KB as Java's clients make them, to a topic of its own. */
async function takeManyRecords({ bootstrap }: BrokerProcess, size: Size): Promise<void> {
  const [topic, recordBytes] = ['warm-up', 100]
  const connection = await RawConnection.open(bootstrap)
  await createByAsking(connection, topic)
  connection.close()
  await bulkLoad(bootstrap, {
    topic,
    partitions: 1,
    recordBytes,
    bytes: WARM_UP_RECORDS[size] * recordBytes,
    acks: '1'
  })
}

/** Each round starts the broker anew, on an empty directory. */
export async function onFreshBrokers(name: ContenderName, measure: Measure, options?: StartOptions): Promise<Station> {
  return {
    async round(index) {
      const broker = await startContender(name, options)
      try {
        return await measure(broker, index)
      } finally {
        await broker.stop()
      }
    },
    async [Symbol.asyncDispose]() {}
  }
}

/** A directory whose broker is killed and started again; it goes with the station. */
export interface Survivor extends AsyncDisposable {
  readonly directory: string
  start(options?: StartOptions): Promise<BrokerProcess>
  /** kill -9. */
  kill(): Promise<void>
  /** A clean stop. */
  stop(): Promise<void>
}

export function survivor(name: ContenderName): Survivor {
  const directory = temporaryDirectory('bench')
  let running: BrokerProcess | null = null
  const end = async (how: 'kill' | 'stop'): Promise<void> => {
    const broker = running
    running = null
    await broker?.[how]()
  }
  return {
    directory: directory.path,
    async start(options) {
      running = await startContender(name, {
        startTimeoutMs: START_TIMEOUT_MS,
        ...options,
        dataDirectory: directory.path
      })
      return running
    },
    kill: () => end('kill'),
    stop: () => end('stop'),
    async [Symbol.asyncDispose]() {
      await end('kill')
      directory.remove()
    }
  }
}
