/** The two usual stations: one process for all rounds, or a new one for each. */
import type { BrokerProcess } from '../../test/harness/broker-process.ts'
import { temporaryDirectory } from '../../test/harness/paths.ts'
import { type ContenderName, type StartOptions, startContender } from './contenders.ts'
import type { Sample, Station } from './row.ts'

/** A directory with thousands of partitions, or gigabytes to recover, takes a broker long. */
const START_TIMEOUT_MS = 300_000

type Measure = (broker: BrokerProcess, round: number) => Promise<Sample>

interface OneBroker {
  readonly options?: StartOptions
  /** Done once, before the first round. */
  readonly prepare?: (broker: BrokerProcess) => Promise<unknown>
  readonly measure: Measure
}

/** All rounds are against the same process, as a broker runs for long and has warmed up. */
export async function onOneBroker(name: ContenderName, { options, prepare, measure }: OneBroker): Promise<Station> {
  const broker = await startContender(name, options)
  const stop = async (): Promise<void> => await broker.stop()
  try {
    await prepare?.(broker)
  } catch (error) {
    await stop()
    throw error
  }
  return { round: (index) => measure(broker, index), [Symbol.asyncDispose]: stop }
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
