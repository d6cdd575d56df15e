/**
 * The move to Apache Kafka: the `server.properties` with which its broker serves the directory as it is, under the node id that the
 * directory was written with.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { CliError } from '../cli-error.ts'
import { ExitCode } from '../exit-codes.ts'

export interface MovedBroker {
  readonly directory: string
  /** host:port, as clients come back to it. */
  readonly address: string
  readonly config: Readonly<Record<string, string>>
}

export function serverProperties({ directory, address, config }: MovedBroker): string {
  const nodeId = nodeIdOf(directory)
  const at = address.lastIndexOf(':')
  const port = Number(address.slice(at + 1))
  const controllerPort = port + 1
  const settings: Record<string, string> = {
    'process.roles': 'broker,controller',
    'node.id': nodeId,
    'controller.quorum.voters': `${nodeId}@localhost:${controllerPort}`,
    'controller.listener.names': 'CONTROLLER',
    listeners: `PLAINTEXT://:${port},CONTROLLER://localhost:${controllerPort}`,
    'advertised.listeners': `PLAINTEXT://${address}`,
    'log.dirs': directory,
    'offsets.topic.replication.factor': '1',
    'transaction.state.log.replication.factor': '1',
    'transaction.state.log.min.isr': '1',
    'share.coordinator.state.topic.replication.factor': '1',
    'share.coordinator.state.topic.min.isr': '1',
    ...config
  }
  return [
    '# For Apache Kafka 4.4, on the directory that Odradek served. Stop Odradek first, then:',
    '#   bin/kafka-server-start.sh server.properties',
    '# With more brokers, raise the replication factors.',
    ...Object.entries(settings).map(([name, value]) => `${name}=${value.replaceAll('\\', '\\\\')}`),
    ''
  ].join('\n')
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
