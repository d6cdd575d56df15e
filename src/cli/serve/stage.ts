/**
 * Where the demo and the lessons take place: the cluster that was named with `--bootstrap-server`, else a broker of our own
 * in this process, on Kafka's port when it is free, with its data in a directory that goes when it ends.
 *
 * The environment is not asked: whoever has KAFKA_BROKERS set for work does not want a demo's orders there.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Kafka, KafkaBroker, KafkaOptions } from '../../index.ts'
import { wrongUsage } from '../cli-error.ts'
import type { Flags } from '../command.ts'
import { parseBrokers } from '../global-options.ts'
import { parseBrokerCount } from './broker-count.ts'
import { startFailure } from './start-failure.ts'

const kafkaPort = 9092

export interface Stage extends AsyncDisposable {
  readonly kind: 'embedded' | 'cluster'
  /** host:port, for any client. */
  readonly brokers: readonly string[]
  /** Where the embedded broker keeps its files; null for a cluster. */
  readonly directory: string | null
  /** Its brokers, where there are several in this process; empty otherwise. */
  readonly own: readonly KafkaBroker[]
}

/** How many brokers the embedded cluster has, as the flag `--brokers` says. */
export function brokerCountOf(flags: Flags): number {
  const count = flags.parsed('brokers', parseBrokerCount) ?? 1
  if (count > 1 && flags.text('bootstrapServer') !== undefined)
    throw wrongUsage(
      '--brokers and --bootstrap-server exclude each other',
      'another cluster has the brokers that it has'
    )
  return count
}

/** `directory`: kept afterwards; without one, a temporary one that is removed. */
export async function openStage(flags: Flags, directory?: string): Promise<Stage> {
  const named = flags.text('bootstrapServer')
  if (named !== undefined) {
    const nothing = async () => {}
    return { kind: 'cluster', brokers: parseBrokers(named), directory: null, own: [], [Symbol.asyncDispose]: nothing }
  }
  const place = directory ?? (await mkdtemp(join(tmpdir(), 'odradek-')))
  const remove = directory === undefined ? () => rm(place, { recursive: true, force: true }) : async () => {}
  try {
    const count = brokerCountOf(flags)
    const kafka = await startOnKafkaPort({ directory: place, host: 'localhost', ...(count > 1 && { brokers: count }) })
    const close = async () => {
      await kafka.stop()
      await remove()
    }
    const own = count === 1 ? [] : kafka.brokers.map((_, index) => kafka.broker(index + 1))
    return { kind: 'embedded', brokers: kafka.brokers, directory: place, own, [Symbol.asyncDispose]: close }
  } catch (error) {
    await remove()
    throw startFailure(error)
  }
}

/** On 9092 and the ports that follow, where a second terminal looks first; on any free ones when one of them is taken. */
async function startOnKafkaPort(options: KafkaOptions): Promise<Kafka> {
  const { startKafka, StartError } = await import('../../index.ts')
  try {
    return await startKafka({ ...options, port: kafkaPort })
  } catch (error) {
    if (error instanceof StartError && error.problem === 'port-in-use') return await startKafka(options)
    throw error
  }
}
