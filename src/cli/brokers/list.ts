/**
 * `odradek brokers list`
 */
import type { CommandDefinition } from '../command.ts'
import { withCluster } from '../connect.ts'
import { ExitCode } from '../exit-codes.ts'
import { printRows, type Row } from '../output.ts'

export const listBrokers: CommandDefinition = {
  name: 'list',
  aliases: ['ls'],
  summary: 'list the brokers of the cluster: their addresses, and what they lead',
  notes: `The address is the one that a broker tells its clients to come back to. What
"controller" says is what the cluster tells clients, which with KRaft is any
broker that passes requests on to the controller.`,
  examples: [
    ['odradek brokers list', 'who is there'],
    ['odradek brokers list -b prod:9092 -o json', 'of another cluster, for programs']
  ],
  run: (invocation) =>
    withCluster(invocation.global, async (cluster) => {
      const { brokers, topics, clusterId, controllerId } = await cluster.metadata(undefined, 'leave')
      const partitions = topics.flatMap((topic) => topic.partitions)
      const rows = brokers
        .toSorted((a, b) => a.nodeId - b.nodeId)
        .map(
          ({ nodeId, host, port, rack }): Row => ({
            broker: nodeId,
            address: `${host}:${port}`,
            rack: rack ?? null,
            controller: nodeId === controllerId,
            leads: partitions.filter((partition) => partition.leaderId === nodeId).length,
            holds: partitions.filter((partition) => partition.replicaNodes.includes(nodeId)).length,
            cluster: clusterId ?? null
          })
        )
      await printRows(invocation, ['broker', 'address', 'rack', 'controller', 'leads', 'holds'], rows)
      return ExitCode.done
    })
}
