/**
 * `odradek brokers list`: those that the cluster tells of; and those of a cluster of this machine that do not run.
 */
import type { Cluster } from '../cluster.ts'
import type { CommandDefinition } from '../command.ts'
import { withCluster } from '../connect.ts'
import { ExitCode } from '../exit-codes.ts'
import { printRows, type Row } from '../output.ts'
import type { ServedBroker } from './door/requests.ts'
import { untoldRow } from './served-row.ts'

export const listBrokers: CommandDefinition = {
  name: 'list',
  aliases: ['ls'],
  summary: 'list the brokers of the cluster: their addresses, and what they lead',
  notes: `The address is the one that a broker tells its clients to come back to. What
"controller" says is what the cluster tells clients, which with KRaft is any
broker that passes requests on to the controller. A cluster tells only of brokers
that run and are heard; those of an "odradek serve --brokers N" on this machine are
all shown: one that runs and is not heard by the controller is "fenced".`,
  examples: [
    ['odradek brokers list', 'who is there'],
    ['odradek brokers list -b prod:9092 -o json', 'of another cluster, for programs']
  ],
  async run(invocation) {
    const { servedBrokers } = await import('./served.ts')
    const { brokers, reachable } = await servedBrokers(invocation.global)
    const told = reachable === undefined ? [] : await withCluster(reachable, (cluster) => toldBy(cluster))
    const rows = [...told, ...untoldOnes(brokers, told)].toSorted((a, b) => Number(a.broker) - Number(b.broker))
    await printRows(invocation, ['broker', 'address', 'rack', 'state', 'controller', 'leads', 'holds'], rows)
    return ExitCode.done
  }
}

async function toldBy(cluster: Cluster): Promise<Row[]> {
  const { brokers, topics, clusterId, controllerId } = await cluster.metadata(undefined, 'leave')
  const partitions = topics.flatMap((topic) => topic.partitions)
  return brokers.map(({ nodeId, host, port, rack }) => ({
    broker: nodeId,
    address: `${host}:${port}`,
    rack: rack ?? null,
    state: 'running',
    controller: nodeId === controllerId,
    leads: partitions.filter((partition) => partition.leaderId === nodeId).length,
    holds: partitions.filter((partition) => partition.replicaNodes.includes(nodeId)).length,
    cluster: clusterId ?? null
  }))
}

function untoldOnes(served: readonly ServedBroker[], told: readonly Row[]): Row[] {
  return served.filter(({ id }) => told.every(({ broker }) => broker !== id)).map(untoldRow)
}
