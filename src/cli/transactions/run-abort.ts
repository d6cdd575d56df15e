/**
 * Runs `transactions abort`. By its id: whoever asks for a producer of that id has the coordinator abort what is open (KIP-98). By its
 * place: an abort marker in the epoch of its producer, as Kafka's TransactionsCommand writes it, once it is sure that it hangs.
 */
import { CliError, wrongUsage } from '../cli-error.ts'
import type { Cluster } from '../cluster.ts'
import type { Flags, Invocation } from '../command.ts'
import { confirmDestruction } from '../confirm.ts'
import { withCluster } from '../connect.ts'
import { counted } from '../counted.ts'
import { ExitCode } from '../exit-codes.ts'
import { parsePartition } from '../human-values.ts'
import { kafkaFailure } from '../kafka-failure.ts'
import { shellWord } from '../own-name.ts'
import { describeTopics, ledPartitions, partitionName } from '../partitions.ts'
import { coordinatorMoves } from '../passing-errors.ts'
import { UnreadableError } from '../unreadable.ts'
import { persistently } from '../waiting.ts'
import { describeTransactions } from './describe-transactions.ts'
import { type OpenTransaction, openTransactions, ownersOf } from './open-transactions.ts'
import { writeAbortMarkerRequest } from './requests.ts'

interface Place {
  readonly topic: string
  readonly partition: number
  readonly startOffset: bigint
}

export async function runAbort(invocation: Invocation): Promise<ExitCode> {
  const [transactionalId] = invocation.args
  const place = placeOf(invocation.flags)
  if (transactionalId === undefined && place === undefined)
    throw wrongUsage('which transaction?', 'say its id, or --topic, --partition and --start-offset of one that hangs')
  if (transactionalId !== undefined && place !== undefined)
    throw wrongUsage(
      'an id and a place exclude each other',
      'a transaction with an id is aborted in all its partitions'
    )
  return await withCluster(invocation.global, async (cluster) => {
    if (place !== undefined) await abortAt(invocation, cluster, place)
    else await abortOf(invocation, cluster, transactionalId ?? '')
    return ExitCode.done
  })
}

function placeOf(flags: Flags): Place | undefined {
  const topic = flags.text('topic')
  const partition = flags.parsed('partition', parsePartition)
  const startOffset = flags.parsed('startOffset', parseOffset)
  if (topic === undefined && partition === undefined && startOffset === undefined) return undefined
  if (topic !== undefined && partition !== undefined && startOffset !== undefined)
    return { topic, partition, startOffset }
  const missing = [
    topic === undefined && '--topic',
    partition === undefined && '--partition',
    startOffset === undefined && '--start-offset'
  ].filter((one) => one !== false)
  throw wrongUsage(
    `${missing.join(' and ')} ${missing.length === 1 ? 'is' : 'are'} missing`,
    'a transaction is found by all three: its topic, its partition and the offset at which it begins',
    'odradek transactions find-hanging   (shows them)'
  )
}

function parseOffset(text: string): bigint {
  if (!/^\d{1,18}$/.test(text)) throw wrongUsage(`"${text}" is not an offset`, 'an offset is a whole number such as 42')
  return BigInt(text)
}

async function abortOf(invocation: Invocation, cluster: Cluster, transactionalId: string): Promise<void> {
  const [found] = await describeTransactions(cluster, [transactionalId])
  if (found?.state !== 'Ongoing')
    throw new CliError({
      what: `"${transactionalId}" has no transaction open`,
      why: `its state is ${found?.state}: ${whyNotOpen(found?.state)}`,
      next: `odradek transactions describe ${shellWord(transactionalId)}`
    })
  const where = counted(found.partitions.length, 'partition')
  await confirmDestruction(invocation, `abort the transaction of ${transactionalId} in ${where}`, transactionalId)
  await fenceProducer(cluster, transactionalId, found.timeoutMs)
  invocation.terminal.hint(`aborted the transaction of ${transactionalId} in ${where}; its producer is fenced`)
}

function whyNotOpen(state = ''): string {
  return state.startsWith('Prepare') ? 'its coordinator is about to end it' : 'there is nothing to abort'
}

const concurrentTransactions = 51
const passing = new Set([...coordinatorMoves, concurrentTransactions])
const pauseMs = 50

/** Answered once the old transaction has ended in all its partitions. The time-out is the id's: it stays as it is. */
async function fenceProducer(cluster: Cluster, transactionalId: string, timeoutMs: number): Promise<void> {
  await persistently(
    { limitMs: cluster.timeoutMs, pauseMs },
    (error) => passing.has(kafkaFailure(error)?.code ?? 0),
    async () => {
      const coordinator = await cluster.transactionCoordinator(transactionalId)
      return await cluster.call('InitProducerId', coordinator, transactionalId, timeoutMs, -1n, -1)
    }
  )
}

async function abortAt(invocation: Invocation, cluster: Cluster, place: Place): Promise<void> {
  const found = await findAt(cluster, place)
  const [owned] = await ownersOf(cluster, [found])
  const where = `${partitionName(place)} from offset ${place.startOffset} on`
  if (owned?.transactionalId !== undefined)
    throw new CliError({
      what: `the transaction in ${where} does not hang`,
      why: `its coordinator knows of it, as that of "${owned.transactionalId}": ended here only, it could be committed elsewhere`,
      next: `odradek transactions abort ${shellWord(owned.transactionalId)}   (aborts it in all its partitions)`
    })
  await confirmDestruction(invocation, `abort the transaction in ${where}`, place.topic)
  await cluster.ask(writeAbortMarkerRequest(cluster.library), found.leader, found)
  invocation.terminal.hint(`aborted the transaction of producer ${found.producerId} in ${where}`)
}

async function findAt(cluster: Cluster, { topic, partition, startOffset }: Place): Promise<OpenTransaction> {
  const led = ledPartitions(await describeTopics(cluster, [topic]), [partition])
  const { open, unreadable } = await openTransactions(cluster, led)
  for (const one of unreadable.values()) throw new UnreadableError(one)
  const found = open.find((one) => one.startOffset === startOffset)
  if (found !== undefined) return found
  const others = open.map((one) => one.startOffset)
  throw new CliError({
    what: `no open transaction begins at offset ${startOffset} of ${topic}:${partition}`,
    why: others.length === 0 ? 'none is open there' : `those that are open there begin at ${others.join(', ')}`,
    next: `odradek transactions find-hanging ${topic} --longer-than 0s`,
    exitCode: ExitCode.notFound
  })
}
