/** What the page changes: by the same requests as the commands, with the same words for what goes wrong. */
import { CliError, wrongUsage } from '../cli/cli-error.ts'
import type { Cluster } from '../cli/cluster.ts'
import { Outage } from '../cli/outage.ts'
import { failureOf } from '../cli/partitions.ts'
import { exitCodeOf, explainFailure } from '../cli/present-error.ts'
import { Delivery } from '../cli/produce/delivery.ts'
import { Partitioner } from '../cli/produce/partitioner.ts'
import { partitionCountOf, Sender } from '../cli/produce/sender.ts'
import { makeTopic, type NewTopic } from '../cli/topics/creation.ts'
import type { ProducedView, RecordToProduce } from './wire.ts'

/** With acks=all. Throws CliError when the broker does not have it. */
export async function produceRecord(cluster: Cluster, topic: string, wanted: RecordToProduce): Promise<ProducedView> {
  const partitioner = new Partitioner(topic, await partitionCountOf(cluster, topic))
  let produced: ProducedView | undefined
  let refusal: CliError | undefined
  const delivery = new Delivery(cluster, {
    ...{ topic, partitioner, acks: -1, compression: 'none', transaction: undefined },
    outage: new Outage(cluster.brokers, () => {}),
    patienceMs: cluster.timeoutMs,
    interrupted: new AbortController().signal,
    onDelivered: ([first]) => {
      if (first !== undefined) produced = { partition: first.record.partition, offset: Number(first.offset ?? -1n) }
    },
    onRefused: (_, failure) => {
      refusal = new CliError({
        what: `${topic} does not take the record`,
        why: explainFailure(failure),
        exitCode: exitCodeOf(failure)
      })
    }
  })
  const sender = new Sender(delivery, partitioner)
  await sender.add([
    {
      key: wanted.key === null ? null : Buffer.from(wanted.key),
      value: wanted.value === null ? null : Buffer.from(wanted.value),
      headers: wanted.headers.map(([name, value]) => [Buffer.from(name), Buffer.from(value)] as const),
      partition: wanted.partition ?? undefined
    }
  ])
  await sender.flush()
  if (produced !== undefined) return produced
  throw (
    refusal ??
    new CliError({ what: `nobody says whether ${topic} has the record`, why: 'the broker did not answer in time' })
  )
}

export async function createTopic(cluster: Cluster, topic: NewTopic): Promise<{ readonly partitions: number }> {
  const partitions = await makeTopic(cluster, topic, 'is an error')
  return { partitions: Number(partitions) }
}

/** Its name has to be typed: all its records go, and no one brings them back. */
export async function deleteTopic(cluster: Cluster, name: string, typed: string): Promise<void> {
  if (typed !== name) throw wrongUsage(`the name that was typed is not ${name}`, 'a topic goes with all its records')
  const { responses } = await cluster.answer('DeleteTopics', 'controller', [{ name, topicId: null }], cluster.timeoutMs)
  const code = responses[0]?.errorCode ?? -1
  if (code === 0) return
  const failure = failureOf(cluster, code, responses[0]?.errorMessage)
  throw new CliError({
    what: `topic "${name}" was not deleted`,
    why: explainFailure(failure),
    exitCode: exitCodeOf(failure)
  })
}
