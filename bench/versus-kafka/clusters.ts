/** Three brokers of each contender that has some: ours in one process, Apache Kafka's in four. */

import { knock } from '../../src/cli/brokers/door/knock.ts'
import { startOdradek } from '../../test/harness/odradek-process.ts'
import { createByAsking, topicMetadata } from '../../test/harness/raw-requests.ts'
import { startRealKafkaCluster } from '../../test/harness/real-kafka-cluster.ts'
import { RawConnection, waitForMetadata } from '../../test/harness/wire.ts'
import type { ContenderName } from './contenders.ts'
import { watched } from './workshop.ts'

const brokers = 3
/** A topic that is made by asking for it has a copy on each broker. */
const configs = { 'default.replication.factor': String(brokers), 'offsets.topic.replication.factor': String(brokers) }
/** As one broker has it in the other rows; the four share the machine. */
const heap = '1g'
const startTimeoutMs = 60_000

export interface Cluster extends AsyncDisposable {
  /** host:port, in the order of the brokers' ids, which begin at 1. */
  readonly addresses: readonly string[]
  /** Without a warning: kill -9 of a Kafka's process; of ours, that has no process of its own, what comes nearest. */
  killBroker(id: number): Promise<void>
  /** A controlled shutdown. */
  stopBroker(id: number): Promise<void>
  /** Resolves when the broker answers. */
  startBroker(id: number): Promise<void>
}

export async function startCluster(name: ContenderName): Promise<Cluster> {
  return name === 'kafka' ? await realCluster() : await ourCluster(name === 'odradek-os' ? 'os' : 'disk')
}

async function realCluster(): Promise<Cluster> {
  const javaArguments = [`-Xms${heap}`, `-Xmx${heap}`, '-XX:+UseG1GC', '-XX:MaxGCPauseMillis=20']
  return await startRealKafkaCluster(configs, javaArguments)
}

async function ourCluster(durability: 'disk' | 'os'): Promise<Cluster> {
  const broker = watched(await startOdradek({ durability, brokers, configs }))
  const addresses = await addressesOf(broker.bootstrap)
  const change = async (what: 'kill' | 'stop' | 'start', id: number): Promise<void> => {
    const answer = await knock(addresses, { what, broker: id })
    if (answer?.kind !== 'done') throw new Error(`${what} ${id}: ${JSON.stringify(answer)}`)
  }
  return {
    addresses,
    killBroker: (id) => change('kill', id),
    stopBroker: (id) => change('stop', id),
    async startBroker(id) {
      await change('start', id)
      await waitForMetadata(addresses[id - 1] ?? '', startTimeoutMs, () => broker.isAlive)
    },
    [Symbol.asyncDispose]: () => broker.stop()
  }
}

/** Metadata, version 4, of no topic. */
async function addressesOf(bootstrap: string): Promise<string[]> {
  const connection = await RawConnection.open(bootstrap)
  try {
    const answer = await connection.ask(3, 4, Buffer.from([0, 0, 0, 0, 0]))
    answer.int32()
    const told = answer.list(() => {
      const [id, host, port] = [answer.int32(), answer.text(), answer.int32()]
      answer.text()
      return { id, address: `${host}:${port}` }
    })
    return told.sort((one, other) => one.id - other.id).map(({ address }) => address)
  } finally {
    connection.close()
  }
}

/** Makes a topic of one partition with a copy on each broker; gives the id of its leader. */
export async function makeTopic({ addresses: [first = ''] }: Cluster, topic: string): Promise<number> {
  const connection = await RawConnection.open(first)
  try {
    await createByAsking(connection, topic)
    const { leaders } = await topicMetadata(connection, topic)
    return leaders[0] ?? -1
  } finally {
    connection.close()
  }
}
