/**
 * The work of a group's member: reads what its service reads, spends the time the work takes, writes the answers, and only then
 * lets the offsets be committed.
 */
import type { Cluster } from '../../cluster.ts'
import type { GlobalOptions } from '../../command.ts'
import { GroupReading } from '../../consume/group-reading.ts'
import { Reader, type ReadPosition } from '../../consume/reader.ts'
import { type LedPartition, partitionName } from '../../partitions.ts'
import type { ConsumedRecord } from '../../record.ts'
import { eventOf, recordOf } from '../events.ts'
import type { Order } from '../orders.ts'
import { type Service, services } from '../services.ts'
import { heldSince, type Question } from './answers.ts'
import type { Controls } from './controls.ts'
import type { Output } from './output.ts'
import type { MemberTask, Report } from './protocol.ts'

/** The shortest that Kafka allows without being configured: a member that was killed is missed after so long. */
const sessionTimeoutMs = 6000
const heartbeatIntervalMs = 500
/** How soon the group's lag shows what was done. */
const commitIntervalMs = 200
/** Work is cut into portions that take no longer, so that a pause is felt at once. */
const portionMs = 100

export interface AnsweringOptions {
  readonly task: MemberTask
  readonly controls: Controls
  readonly cluster: Cluster
  readonly global: GlobalOptions
  /** Of the topic the service reads. */
  readonly partitions: readonly LedPartition[]
  openOutput(partition: number): Output
  report(line: Report): void
}

export async function answerQuestions(options: AnsweringOptions): Promise<void> {
  const { task, controls, cluster, global, partitions } = options
  const failed = new AbortController()
  const stop = AbortSignal.any([controls.leaving, failed.signal])
  const readerOptions = { isolation: 'uncommitted', interrupted: stop, onNotice: () => {} } as const
  const reader = new Reader(cluster, readerOptions)
  const plan = {
    topics: [task.topics[services[task.service].reads]],
    range: { from: { kind: 'start' } },
    start: 'default',
    exitAtEnd: false,
    isolation: 'uncommitted',
    commits: true,
    commitIntervalMs,
    membership: {
      sessionTimeoutMs,
      heartbeatIntervalMs,
      instanceId: `${task.group}-${task.member}`,
      onLost: (reason: Error) => failed.abort(reason)
    }
  } as const
  const reading = await GroupReading.join({
    cluster,
    global,
    group: task.group,
    partitions,
    reader,
    plan,
    onNotice: () => {}
  })
  options.report({ event: 'joined' })
  const desk = new Desk(options, reader)
  const follow = async () => {
    await reading.followAssignment(readerOptions)
    await desk.follow()
  }
  await follow()
  for await (const records of reader.read()) {
    const positions = new Map(reader.positions)
    for (const portion of portionsOf(records, task.workMs)) {
      await controls.unpaused()
      if (stop.aborted) break
      const ours = heldSince(portion, partitionName, positions, reader.positions)
      await desk.answer(ours)
      reading.taken(ours)
      await follow()
    }
    if (stop.aborted) break
    await follow()
  }
  if (failed.signal.aborted) throw failed.signal.reason
  await reading.leave()
}

function portionsOf(records: readonly ConsumedRecord[], workMs: number): ConsumedRecord[][] {
  const size = workMs === 0 ? records.length : Math.max(1, Math.floor(portionMs / workMs))
  const portions: ConsumedRecord[][] = []
  for (let at = 0; at < records.length; at += size) portions.push(records.slice(at, at + size))
  return portions
}

/** The outputs of the partitions that are ours now. */
class Desk {
  readonly #options: AnsweringOptions
  readonly #service: Service
  readonly #reader: Reader
  readonly #outputs = new Map<string, { readonly position: ReadPosition; readonly output: Output }>()

  constructor(options: AnsweringOptions, reader: Reader) {
    this.#options = options
    this.#service = services[options.task.service]
    this.#reader = reader
  }

  /** A partition that came to us is read from behind the last input that has its answer, whatever was committed. */
  async follow(): Promise<void> {
    const { positions } = this.#reader
    // One that was lost and came back meanwhile has another position: what is known of its answers is of before.
    for (const [name, { position }] of this.#outputs) if (positions.get(name) !== position) this.#outputs.delete(name)
    if (this.#service.name === 'customers') return
    for (const [name, position] of positions) {
      if (this.#outputs.has(name)) continue
      const output = this.#options.openOutput(position.partition.partition)
      this.#outputs.set(name, { position, output })
      const { answered } = await output.progress()
      if (BigInt(answered) >= position.next) position.next = BigInt(answered) + 1n
    }
  }

  async answer(records: readonly ConsumedRecord[]): Promise<void> {
    const heard = records.flatMap((record) => {
      const event = eventOf(this.#service.reads, record)
      return event?.status === this.#service.hears ? [{ ...event, name: partitionName(record) }] : []
    })
    const { task, controls } = this.#options
    await controls.spend(task.workMs * heard.length)
    await Promise.all(
      [...this.#outputs].map(async ([name, { output }]) => {
        const questions: Question<Order>[] = heard
          .filter((event) => event.name === name)
          .map(({ offset, order }) => ({ offset, content: order }))
        await output.answer(questions, (order, answering) =>
          recordOf({ order, status: this.#service.says, timestampMs: Date.now() }, answering)
        )
      })
    )
  }
}
