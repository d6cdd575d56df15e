/**
 * One member of a service: joins the service's consumer group, answers what it reads (answers.ts), and commits after that. What goes
 * wrong and does not pass ends the process; the demo starts another, which asks the log where to go on.
 */
import type { Cluster } from '../../cluster.ts'
import type { GlobalOptions, Invocation } from '../../command.ts'
import { completeCodecs } from '../../compression.ts'
import { connect } from '../../connect.ts'
import { ExitCode } from '../../exit-codes.ts'
import { networkReason } from '../../kafka-failure.ts'
import { describeTopics, ledPartitions } from '../../partitions.ts'
import { toCliError } from '../../present-error.ts'
import { services } from '../services.ts'
import { answerQuestions } from './answering.ts'
import { Controls } from './controls.ts'
import { Output } from './output.ts'
import { placeOrders } from './placing.ts'
import type { MemberTask, Report } from './protocol.ts'

const requestTimeoutMs = 5000

export async function runMember(invocation: Invocation): Promise<ExitCode> {
  const controls = new Controls(invocation.terminal.stdin)
  const report = (line: Report) => invocation.terminal.write(`${JSON.stringify(line)}\n`)
  // Ctrl-C reaches the whole process group; the demo then says what is to happen. SIGTERM means this process alone.
  invocation.interrupted.addEventListener('abort', () => {
    if (invocation.interrupted.reason === 'SIGTERM') controls.leave()
  })
  const libraryLoading = import('@platformatic/kafka')
  const task = await controls.begun()
  await libraryLoading
  try {
    await work(task, controls, invocation.global, report)
    process.exit(ExitCode.done)
  } catch (error) {
    const { message, why } = toCliError(error)
    const network = networkReason(error)
    await report({ event: 'failed', why: network ?? (why === undefined ? message : `${message}: ${why}`) })
    // Whatever connection or timer is left must not keep a member that works no more.
    process.exit(ExitCode.failed)
  }
}

async function work(
  task: MemberTask,
  controls: Controls,
  global: GlobalOptions,
  report: (line: Report) => void
): Promise<void> {
  const own = {
    ...global,
    brokers: task.brokers,
    settings: { ...global.settings, clientId: `${task.group}-${task.member}` }
  }
  // A fetch that waits for records holds up what comes behind it on its connection: reading has one of its own.
  const [reading, writing] = await Promise.all([connect(own, requestTimeoutMs), connect(own, requestTimeoutMs)])
  try {
    await completeCodecs(reading.library)
    report({ event: 'ready' })
    const openOutput = (partition: number) => outputOf(task, writing, partition, controls, report)
    const partitions = ledPartitions(await describeTopics(reading, [task.topics[services[task.service].reads]]))
    const placing =
      task.service === 'customers'
        ? placeOrders(controls, { seed: task.seed, partitionCount: partitions.length, openOutput })
        : undefined
    const answering = answerQuestions({ task, controls, cluster: reading, global: own, partitions, openOutput, report })
    await Promise.all([placing, answering])
  } finally {
    await Promise.allSettled([reading.close(), writing.close()])
  }
}

function outputOf(
  { service, topics, producerId }: MemberTask,
  cluster: Cluster,
  partition: number,
  controls: Controls,
  report: (line: Report) => void
): Output {
  return new Output(cluster, {
    service: services[service],
    topic: topics[services[service].writes],
    partition,
    producerId: BigInt(producerId),
    stopped: controls.leaving,
    onOvertaken: () => report({ event: 'overtaken', partition })
  })
}
