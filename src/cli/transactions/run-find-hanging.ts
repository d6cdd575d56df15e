/**
 * Runs `transactions find-hanging`: what is open and silent by the leaders of partitions, without what a coordinator knows of.
 */
import type { Cluster, TopicMetadata } from '../cluster.ts'
import type { Invocation } from '../command.ts'
import { withCluster } from '../connect.ts'
import { counted } from '../counted.ts'
import { ExitCode } from '../exit-codes.ts'
import { parseDurationMs } from '../human-values.ts'
import { printRows, type Row } from '../output.ts'
import { asCalled } from '../own-name.ts'
import { ledPartitions, listAllTopics } from '../partitions.ts'
import { findTopics } from '../topic-names.ts'
import { tellUnreadable } from '../unreadable.ts'
import { shownTime } from '../zone.ts'
import { type OpenTransaction, openTransactions, ownersOf } from './open-transactions.ts'

export async function runFindHanging(invocation: Invocation): Promise<ExitCode> {
  return await withCluster(invocation.global, async (cluster) => {
    const { args, flags, terminal } = invocation
    const longerThanMs = flags.parsed('longerThan', parseDurationMs) ?? 0
    const partitions = ledPartitions(await topicsToLookAt(cluster, args))
    const { open, unreadable } = await openTransactions(cluster, partitions)
    const nowMs = Date.now()
    const silent = open.filter(({ lastMs }) => nowMs - lastMs >= longerThanMs)
    const owned = await ownersOf(cluster, silent)
    const hanging = owned.filter(({ transactionalId }) => transactionalId === undefined)
    const rows = hanging.map(({ transaction }) => hangingRow(transaction, nowMs))
    const columns = ['topic', 'partition', 'startOffset', 'producerId', 'epoch', 'last', 'silentMs']
    await printRows(invocation, columns, rows)
    for (const { transaction } of hanging) terminal.hint(`to end it: ${asCalled(lineThatEnds(transaction))}`)
    if (hanging.length === 0) terminal.hint(`nothing hangs in ${counted(partitions.length, 'partition')}`)
    const told = tellUnreadable(unreadable)
    if (told !== undefined) terminal.hint(told)
    return unreadable.size > 0 ? ExitCode.partFailed : ExitCode.done
  })
}

/** Kafka's own as well: offsets of groups may hang. */
async function topicsToLookAt(cluster: Cluster, asked: readonly string[]): Promise<TopicMetadata[]> {
  return asked.length === 0 ? await listAllTopics(cluster) : await findTopics(cluster, asked)
}

function hangingRow(one: OpenTransaction, nowMs: number): Row {
  return {
    topic: one.topic,
    partition: one.partition,
    startOffset: one.startOffset,
    producerId: one.producerId,
    epoch: one.producerEpoch,
    last: shownTime(one.lastMs),
    silentMs: Math.max(0, nowMs - one.lastMs)
  }
}

function lineThatEnds({ topic, partition, startOffset }: OpenTransaction): string {
  return `odradek transactions abort --topic ${topic} --partition ${partition} --start-offset ${startOffset}`
}
