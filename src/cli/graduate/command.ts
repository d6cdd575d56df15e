/**
 * `odradek graduate`: makes a stopped directory one that Apache Kafka starts on.
 */
import type { CommandDefinition } from '../command.ts'

export const graduate: CommandDefinition = {
  name: 'graduate',
  summary: 'move to Apache Kafka: the same directory, without copying a record',
  notes: `For a directory that was stopped cleanly. It writes a snapshot of the cluster's metadata and a
server.properties for each node, and says what to type. Nothing else is touched: stop Apache Kafka,
and "odradek serve" goes on where it was.`,
  arguments: [{ name: '<directory>', description: 'where the data lies' }],
  options: [
    { flags: '--brokers <n>', description: 'how many brokers it must have', otherwise: 'as many as it has' },
    { flags: '--host <host>', description: 'under which name clients come back', default: 'localhost' },
    { flags: '-p, --port <port>', description: 'at which port; further brokers follow it', default: '9092' },
    { flags: '-c, --config <name=value>', description: 'a broker setting that `serve` had too', repeatable: true }
  ],
  examples: [['odradek graduate odradek-data', 'then start Apache Kafka as it says']],
  async run(invocation) {
    const { runGraduate } = await import('./run.ts')
    return await runGraduate(invocation)
  }
}
