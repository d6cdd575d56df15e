/** Who is measured, and how each is started. */
import type { BrokerOptions, BrokerProcess } from '../../test/harness/broker-process.ts'
import { odradek, startOdradek } from '../../test/harness/odradek-process.ts'
import { startRealKafka } from '../../test/harness/real-kafka.ts'
import { kafkaJars, type Tool } from '../../test/harness/tools.ts'
import { earlierBuild } from '../earlier-build.ts'
import { kfake, startKfake } from '../kfake/process.ts'
import { startNullBroker } from '../null-broker/process.ts'
import { watched } from './workshop.ts'

/**
 * Ours three times: synced before each ack (the default), left to the operating system as Kafka does, and in memory; and once
 * more the default as it was at an earlier commit, when one is named.
 */
export type ContenderName =
  | 'kafka'
  | 'odradek'
  | 'odradek-before'
  | 'odradek-os'
  | 'odradek-memory'
  | 'null'
  | 'kfake'
  | 'node'

export interface StartOptions extends BrokerOptions {
  /** What the null broker's fetches give. */
  readonly recordBytes?: number
  /** How many partitions every topic of the null broker has. */
  readonly partitions?: number
}

export interface Contender {
  readonly title: string
  readonly tool: () => Tool
  start(options: StartOptions): Promise<BrokerProcess>
}

/** The heap that Apache Kafka's own start script gives it. */
const KAFKA_HEAP = '1g'

export const contenders: Readonly<Record<Exclude<ContenderName, 'node'>, Contender>> = {
  kafka: {
    title: 'Apache Kafka',
    tool: () => kafkaJars('broker'),
    start: (options) => startRealKafka({ heap: KAFKA_HEAP, javaArguments: [], ...options })
  },
  odradek: { title: 'Odradek', tool: odradek, start: (options) => startOdradek({ durability: 'disk', ...options }) },
  'odradek-before': { title: 'Odradek before', tool: earlierBuild.tool, start: startEarlier },
  'odradek-os': {
    title: 'Odradek --durability os',
    tool: odradek,
    start: (options) => startOdradek({ durability: 'os', ...options })
  },
  'odradek-memory': {
    title: 'Odradek --memory',
    tool: odradek,
    start: (options) => startOdradek({ storage: 'memory', ...options })
  },
  null: {
    title: 'null broker',
    tool: () => ({ found: 'null-broker' }),
    start: ({ recordBytes = 100, partitions = 1 }) => startNullBroker(recordBytes, partitions)
  },
  kfake: { title: 'kfake', tool: kfake.tool, start: () => startKfake() }
}

async function startEarlier(options: StartOptions): Promise<BrokerProcess> {
  const build = earlierBuild.tool()
  if ('missing' in build) throw new Error(build.missing)
  return await startOdradek({ durability: 'disk', ...options, main: build.found })
}

export function titleOf(name: ContenderName): string {
  return name === 'node' ? 'node -e 0' : contenders[name].title
}

/** The names of those that are here; `onMissing` is told of the others. */
export function presentContenders(onMissing: (line: string) => void): ReadonlySet<ContenderName> {
  const present = new Set<ContenderName>(['node'])
  for (const [name, { tool }] of Object.entries(contenders) as [ContenderName, Contender][]) {
    const looked = tool()
    if ('found' in looked) present.add(name)
    else if (name !== 'odradek-before') onMissing(`${name} is left out: ${looked.missing}`)
  }
  return present
}

export async function startContender(name: ContenderName, options: StartOptions = {}): Promise<BrokerProcess> {
  if (name === 'node') throw new Error('a bare Node is no broker')
  return watched(await contenders[name].start(options))
}
