/**
 * One transaction for all that a run of `produce` sends (KIP-98): who reads what is committed gets all of it, or nothing.
 *
 * The coordinator is looked for anew with each request: it may have moved. It is asked in the first version of the protocol, which every
 * broker speaks: partitions are named to it before anything is written to them.
 */
import { CliError } from '../cli-error.ts'
import type { Cluster } from '../cluster.ts'
import { whileCoordinatorMoves } from '../coordinator-moves.ts'
import { type KafkaFailure, kafkaFailure } from '../kafka-failure.ts'
import { isNetworkFailure, type Outage } from '../outage.ts'
import { asCalled, shellWord } from '../own-name.ts'
import type { TopicPartition } from '../partitions.ts'
import { coordinatorMoves } from '../passing-errors.ts'
import { exitCodeOf, explainFailure } from '../present-error.ts'
import { pauseUnless, persistently, within } from '../waiting.ts'

export interface TransactionOptions {
  readonly transactionalId: string
  readonly topic: string
  readonly outage: Outage
  /** How long a broker that is away is waited for; undefined: for as long as it takes. */
  readonly patienceMs: number | undefined
  readonly interrupted: AbortSignal
}

interface Producer {
  readonly producerId: bigint
  readonly producerEpoch: number
}

/** Who types, or sends at a rate, takes his time: as long as brokers allow unless they are told otherwise. */
const timeoutMs = 15 * 60_000
/** What a broker that allows less takes for sure: Kafka's clients ask for it. */
const shortTimeoutMs = 60_000
const pauseMs = 50
const againAfterMs = 200
/** Who asked the command to end waits no longer for the transaction to be aborted. */
const abortMs = 3000

const invalidTransactionTimeout = 50
const concurrentTransactions = 51
/** INVALID_PRODUCER_EPOCH and PRODUCER_FENCED: a later producer of that id, or the coordinator as the time was over. */
const fenced = new Set([47, 90])
const passing = new Set([...coordinatorMoves, concurrentTransactions])

export class Transaction {
  readonly transactionalId: string
  readonly #cluster: Cluster
  readonly #options: TransactionOptions
  #producer: Producer | undefined
  readonly #partitions = new Set<number>()
  /** How long its coordinator leaves it open. */
  #limitMs = timeoutMs
  #openSinceMs: number | undefined

  constructor(cluster: Cluster, options: TransactionOptions) {
    this.transactionalId = options.transactionalId
    this.#cluster = cluster
    this.#options = options
  }

  /** What a producer of the same id has left open is aborted, and it is fenced. */
  async begin(): Promise<Producer> {
    const request = (limitMs: number) => {
      this.#limitMs = limitMs
      return this.#ask((node) => this.#cluster.call('InitProducerId', node, this.transactionalId, limitMs, -1n, -1))
    }
    this.#producer ??= await request(timeoutMs).catch((error: unknown) => {
      if (kafkaFailure(error)?.code !== invalidTransactionTimeout) throw error
      return request(shortTimeoutMs)
    })
    return this.#producer
  }

  /** Before anything is written to them. */
  async include(partitions: readonly number[]): Promise<void> {
    const added = partitions.filter((partition) => !this.#partitions.has(partition))
    if (added.length === 0) return
    const { transactionalId } = this
    const topics = [{ name: this.#options.topic, partitions: added }]
    const request = { transactionalId, ...(await this.begin()), verifyOnly: false, topics }
    const { api } = this.#cluster.library.addPartitionsToTxnV3
    await this.#ask((node) => this.#cluster.ask(api, node, [request])).catch((error: unknown) => {
      const failure = kafkaFailure(error)
      throw (failure && this.endedByOthers(failure)) ?? error
    })
    this.#openSinceMs ??= Date.now()
    for (const partition of added) this.#partitions.add(partition)
  }

  /** How far a group has read counts with the transaction as well. The group's coordinator is told after that of the transaction. */
  async includeOffset(
    group: string,
    { topic, partition, offset }: TopicPartition & { readonly offset: bigint }
  ): Promise<void> {
    const { addOffsetsToTxnV3, txnOffsetCommitV3 } = this.#cluster.library
    const { producerId, producerEpoch } = await this.begin()
    const id = this.transactionalId
    await this.#ask((node) => this.#cluster.ask(addOffsetsToTxnV3.api, node, id, producerId, producerEpoch, group))
    const partitions = [{ partitionIndex: partition, committedOffset: offset, committedLeaderEpoch: -1 }]
    const topics = [{ name: topic, partitions }]
    const request = [id, group, producerId, producerEpoch, -1, '', null, topics] as const
    await whileCoordinatorMoves(this.#cluster, async () =>
      this.#cluster.ask(txnOffsetCommitV3.api, await this.#cluster.coordinator(group), ...request)
    )
  }

  /** Throws when it is not committed, or when that is not known. */
  async commit(): Promise<void> {
    const { outage, patienceMs, interrupted } = this.#options
    for (;;) {
      try {
        await this.#end(true)
        outage.answered('transaction')
        return
      } catch (error) {
        if (!isNetworkFailure(error)) throw this.#uncommitted(error)
        outage.missed('transaction', error)
        if (patienceMs !== undefined && outage.lastsMs > patienceMs) throw outage.toError()
        if (interrupted.aborted) throw this.#unknown(error)
        await pauseUnless(interrupted, againAfterMs)
      }
    }
  }

  /** What became of it, in words. Does not throw: the coordinator aborts by itself what is left open. */
  async abort(): Promise<string> {
    const { transactionalId } = this
    try {
      await within(abortMs, this.#end(false), () => new Error('no answer in time'))
      return `the transaction of ${transactionalId} was aborted: who reads what is committed sees nothing of it`
    } catch (error) {
      const failure = kafkaFailure(error)
      if (fenced.has(failure?.code ?? 0)) return `the transaction of ${transactionalId} is aborted already`
      const minutes = timeoutMs / 60_000
      return (
        `the transaction of ${transactionalId} could not be aborted: its coordinator does it within ${minutes} minutes; ` +
        asCalled(`sooner: odradek transactions abort ${shellWord(transactionalId)}`)
      )
    }
  }

  /** Where nothing was written there is nothing to end. */
  async #end(committed: boolean): Promise<void> {
    const producer = this.#producer
    if (producer === undefined || this.#partitions.size === 0) return
    const { producerId, producerEpoch } = producer
    await this.#ask((node) =>
      this.#cluster.call('EndTxn', node, this.transactionalId, producerId, producerEpoch, committed)
    )
  }

  async #ask<Result>(work: (coordinator: number) => Promise<Result>): Promise<Result> {
    return await persistently(
      { limitMs: this.#cluster.timeoutMs, pauseMs },
      (error) => passing.has(kafkaFailure(error)?.code ?? 0),
      async () => work(await this.#cluster.transactionCoordinator(this.transactionalId))
    )
  }

  #uncommitted(error: unknown): unknown {
    const failure = kafkaFailure(error)
    if (failure === undefined) return error
    const ended = this.endedByOthers(failure)
    if (ended !== undefined) return ended
    return new CliError({
      what: `the transaction of "${this.transactionalId}" was not committed`,
      why: explainFailure(failure),
      next: `odradek transactions describe ${shellWord(this.transactionalId)}`,
      exitCode: exitCodeOf(failure),
      cause: error
    })
  }

  /** Whichever request was refused for it; undefined: the failure says nothing of that. */
  endedByOthers(failure: KafkaFailure): CliError | undefined {
    if (!fenced.has(failure.code)) return undefined
    const openMs = this.#openSinceMs === undefined ? 0 : Date.now() - this.#openSinceMs
    const reason = openMs < this.#limitMs ? 'another producer began with this id' : 'it was open for too long'
    return new CliError({
      what: `the transaction of "${this.transactionalId}" was not committed: ${reason}`,
      why: explainFailure(failure),
      next: `odradek transactions describe ${shellWord(this.transactionalId)}`,
      exitCode: exitCodeOf(failure)
    })
  }

  #unknown(cause: unknown): CliError {
    return new CliError({
      what: `it is not known whether the transaction of "${this.transactionalId}" was committed`,
      why: 'its coordinator did not answer before the command was asked to end',
      next: `odradek transactions describe ${shellWord(this.transactionalId)}`,
      cause
    })
  }
}
