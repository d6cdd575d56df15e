/** Runs `graduate`, and says what to type. */

import { resolve } from 'node:path'
import { CliError, wrongUsage } from '../cli-error.ts'
import type { Invocation } from '../command.ts'
import { counted } from '../counted.ts'
import { ExitCode } from '../exit-codes.ts'
import { parseConfigs, parseCount } from '../human-values.ts'
import { chosenFormat, formatRows, type Row } from '../output.ts'
import { asCalled } from '../own-name.ts'
import type { Style } from '../terminal.ts'
import { type GraduatedNode, type Graduation, graduateDirectory } from './graduation.ts'

export async function runGraduate(invocation: Invocation): Promise<ExitCode> {
  const { args, flags, terminal } = invocation
  const [named = ''] = args
  const directory = resolve(named)
  const graduation = await graduateDirectory(
    {
      directory,
      host: flags.text('host') ?? 'localhost',
      port: portOf(flags.parsed('port', parseCount) ?? 0),
      brokerCount: flags.parsed('brokers', parseCount),
      config: parseConfigs(flags.list('config'))
    },
    Date.now()
  ).catch((error: unknown) => {
    throw told(error)
  })
  const format = chosenFormat(invocation)
  if (format === 'table') await terminal.write(inWords(graduation, directory, terminal.out))
  else await terminal.write(formatRows(format, columns, rowsOf(graduation)))
  return ExitCode.done
}

function portOf(port: number): number {
  if (port < 1 || port > 65_535) throw wrongUsage(`${port} is not a port`, 'a port is a number from 1 to 65535')
  return port
}

/** A directory that is in use, most often. */
function told(error: unknown): unknown {
  if (!(error instanceof Error && 'problem' in error)) return error
  return new CliError({ what: error.message, cause: error })
}

const columns = ['node', 'roles', 'directory', 'properties', 'propertiesAre', 'snapshot', 'snapshotIs', 'start']

function rowsOf({ clusterId, nodes, snapshot, snapshotIs }: Graduation): Row[] {
  return nodes.map((node) => ({
    ...{ cluster: clusterId, node: node.nodeId, roles: node.roles, directory: node.directory },
    ...{ properties: node.properties, propertiesAre: node.propertiesAre, start: startCommand(node) },
    ...(node.roles === 'broker' ? {} : { snapshot, snapshotIs })
  }))
}

function startCommand({ properties }: GraduatedNode): string {
  return `bin/kafka-server-start.sh ${/\s/.test(properties) ? `'${properties}'` : properties}`
}

function inWords(graduation: Graduation, directory: string, style: Style): string {
  const { clusterId, nodes, snapshot, snapshotIs, topicCount, partitionCount } = graduation
  const brokerCount = nodes.filter(({ roles }) => roles !== 'controller').length
  const kept = nodes.filter(({ propertiesAre }) => propertiesAre === 'kept')
  return [
    `${style.bold('ready for Apache Kafka 4.4.0')}   cluster ${clusterId}, ${counted(topicCount, 'topic')}, ${counted(partitionCount, 'partition')}`,
    `  snapshot    ${snapshot}${snapshotIs === 'there' ? style.dim('   (was there)') : ''}`,
    ...nodes.map(
      ({ properties, nodeId, roles }) => `  node ${String(nodeId).padEnd(6)} ${properties}   ${style.dim(roles)}`
    ),
    ...kept.map(({ properties }) =>
      style.yellow(
        `  ${properties} is not what this command would write now, and was left so: remove it to have it made anew`
      )
    ),
    '',
    'start it, from the directory of Apache Kafka:',
    ...nodes.map((node) => `  ${style.cyan(startCommand(node))}`),
    'and back, once Apache Kafka is stopped:',
    `  ${style.cyan(asCalled(`odradek serve --data ${directory}${brokerCount > 1 ? ` --brokers ${brokerCount}` : ''}`))}`,
    ''
  ].join('\n')
}
