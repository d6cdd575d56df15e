/**
 * The move to Apache Kafka: the `server.properties` with which its nodes serve directories as they are, under the node ids that
 * these were written with.
 */
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { CliError } from '../cli-error.ts'
import { ExitCode } from '../exit-codes.ts'

export interface MovedBroker {
  readonly directory: string
  /** host:port, as clients come back to it. */
  readonly address: string
  readonly config: Readonly<Record<string, string>>
}

/** One node of a cluster of Apache Kafka. */
export interface MovedNode {
  readonly nodeId: number | string
  readonly roles: 'broker,controller' | 'broker' | 'controller'
  readonly directory: string
  /** host:port, as clients come back to it; null for a controller alone. */
  readonly address: string | null
  /** The one controller of the cluster. */
  readonly controller: { readonly nodeId: number | string; readonly port: number }
  readonly brokerCount: number
  /** Where the broker stands: Kafka's brokers say so themselves, each time that they register. */
  readonly rack: string | null
  readonly config: Readonly<Record<string, string>>
}

/** Kafka keeps its own topics three times, where there are three brokers. */
const replicasMax = 3

/** Of one broker, which is its own controller. */
export function serverProperties({ directory, address, config }: MovedBroker): string {
  refuseOneOfSeveral(directory)
  const nodeId = nodeIdOf(directory)
  const controller = { nodeId, port: portOf(address) + 1 }
  const alone = { roles: 'broker,controller', brokerCount: 1, rack: null } as const
  return nodeProperties({ ...alone, nodeId, directory, address, controller, config })
}

export function nodeProperties(node: MovedNode): string {
  const { nodeId, roles, directory, address, controller, brokerCount, rack, config } = node
  const at = `localhost:${controller.port}`
  const listeners = [
    ...(address === null ? [] : [`PLAINTEXT://:${portOf(address)}`]),
    ...(roles === 'broker' ? [] : [`CONTROLLER://${at}`])
  ]
  const replicas = String(Math.min(brokerCount, replicasMax))
  const inSync = String(Math.max(1, Math.min(brokerCount, replicasMax) - 1))
  const settings: Record<string, string> = {
    'process.roles': roles,
    'node.id': String(nodeId),
    'controller.quorum.voters': `${controller.nodeId}@${at}`,
    'controller.listener.names': 'CONTROLLER',
    listeners: listeners.join(','),
    ...(address === null ? {} : { 'advertised.listeners': `PLAINTEXT://${address}` }),
    'log.dirs': directory,
    ...(rack === null ? {} : { 'broker.rack': rack }),
    ...(brokerCount === 1 ? {} : { 'default.replication.factor': replicas }),
    'offsets.topic.replication.factor': replicas,
    'transaction.state.log.replication.factor': replicas,
    'transaction.state.log.min.isr': inSync,
    'share.coordinator.state.topic.replication.factor': replicas,
    'share.coordinator.state.topic.min.isr': inSync,
    ...config
  }
  return [
    '# For Apache Kafka 4.4, on the directory that Odradek served. Stop Odradek first, then:',
    '#   bin/kafka-server-start.sh server.properties',
    ...(brokerCount === 1 ? ['# With more brokers, raise the replication factors.'] : []),
    ...Object.entries(settings).map(([name, value]) => `${name}=${value.replaceAll('\\', '\\\\')}`),
    ''
  ].join('\n')
}

/** The brokers of a cluster have a file each, and their controller another. */
function refuseOneOfSeveral(directory: string): void {
  const isNode = (path: string) => existsSync(join(path, 'meta.properties'))
  const cluster = [directory, dirname(directory)].find((one) =>
    ['controller', 'broker-1'].every((name) => isNode(join(one, name)))
  )
  const isBoth = isNode(directory) && existsSync(join(directory, '__cluster_metadata-0'))
  if (cluster === undefined || (isBoth && directory !== join(cluster, 'controller'))) return
  throw new CliError({
    what: `${directory} is not the directory of one broker alone`,
    why: `${cluster} is that of several and their controller, each of which needs a file of its own`,
    next: `odradek graduate ${cluster}`,
    exitCode: ExitCode.wrongUsage
  })
}

function portOf(address: string): number {
  return Number(address.slice(address.lastIndexOf(':') + 1))
}

function nodeIdOf(directory: string): string {
  const file = join(directory, 'meta.properties')
  try {
    const found = /^node\.id=(\d+)$/m.exec(readFileSync(file, 'utf8'))?.[1]
    if (found !== undefined) return found
  } catch {
    // Told below, with the same words as a file that holds no id.
  }
  throw new CliError({
    what: `${directory} is not a broker's directory`,
    why: `there is no node.id in ${file}`,
    next: 'odradek serve --server-properties --data DIRECTORY',
    exitCode: ExitCode.wrongUsage
  })
}
