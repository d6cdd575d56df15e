/**
 * Broker: what it holds and where, and that it still has it after a restart.
 */
import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { counted } from '../../counted.ts'
import { broker as concept } from '../concepts/broker.ts'
import { type Check, type Lab, lesson } from '../lab.ts'
import { numberOf, type PrintedRow, rowsOf, textOf } from '../shell.ts'
import { templateLines } from '../typed-input.ts'

const partitions = 3
const recordCount = 30
const notLeaderOrFollower = 6
/** ListOffsets: the end. */
const latest = -1n

type BrokerLab = Lab<typeof concept>

export const brokerLesson = lesson(concept, async (lab) => {
  await lab.step('who-is-there')
  const topic = await lab.createTopic('orders', partitions)
  const leaders = await showLeaders(lab, topic)

  await lab.step('what-it-holds')
  const input = templateLines(1001, 1000 + recordCount, '&:{"order_id":&}')
  await lab.rows(['produce', topic, '-K', ':'], { input })
  await showLogs(lab, topic, leaders)
  if (lab.ground.directory !== null) {
    await lab.step('files')
    await findInFile(lab, topic, lab.ground.directory)
  }

  await lab.step('ask-the-leader')
  await askEveryone(lab, topic, leaders)

  if (lab.ground.power !== undefined) {
    await lab.step('restart')
    await restart(lab, topic, lab.ground.power)
  }
  return whoLeads(lab, topic)
})

async function showLeaders(lab: BrokerLab, topic: string): Promise<Map<number, number>> {
  const { brokers, clusterId } = await lab.cluster.metadata([topic], 'leave')
  await lab.request(
    'Metadata: who is there?',
    ...brokers.map(({ nodeId, host, port }) => `broker ${nodeId} at ${host}:${port}`)
  )
  await lab.run(['topics', 'describe', topic])
  const [described] = await lab.rows(['topics', 'describe', topic], { shown: 'silent' })
  const rows = rowsOf(described, 'partitions')
  const leaders = new Map(rows.map((row) => [numberOf(row, 'partition') ?? -1, numberOf(row, 'leader') ?? -1]))
  await lab.scene(...[...leaders].map(([partition, leader]) => `rail ${partition} hangs in building ${leader}`))
  const nodes = brokers.map((one) => one.nodeId)
  const holds = leaders.size === partitions && [...leaders.values()].every((leader) => nodes.includes(leader))
  const measured = { topic, clusterId: clusterId ?? null, brokers: nodes, leaders: Object.fromEntries(leaders) }
  await lab.claim('one-leader-each', holds, measured, {
    layman: `${leaders.size} rails, ${counted(nodes.length, 'building')}`,
    engineer: `${leaders.size} partitions, ${counted(nodes.length, 'broker')}`
  })
  return leaders
}

interface PartitionLog {
  readonly node: number
  readonly directory: string
  readonly partition: number
  readonly sizeBytes: bigint
}

async function showLogs(lab: BrokerLab, topic: string, leaders: ReadonlyMap<number, number>): Promise<void> {
  const logs = await logsOf(lab, topic)
  await lab.request(
    `DescribeLogDirs of ${topic}, to every broker`,
    ...logs.map((log) => `broker ${log.node}: ${topic}-${log.partition}  ${log.sizeBytes} bytes`),
    ...new Set(logs.map((log) => `broker ${log.node} keeps them in ${log.directory}`))
  )
  await lab.scene(
    ...logs.map((log) => `building ${log.node}: the drawer of rail ${log.partition} holds ${log.sizeBytes} bytes`)
  )
  const ends = await endsOf(lab, topic)
  const holds = [...leaders].every(([partition, leader]) => {
    const log = logs.find((one) => one.partition === partition && one.node === leader)
    return log !== undefined && (log.sizeBytes > 0n || (ends.get(partition) ?? 0) === 0)
  })
  const measured = { topic, logs: logs.map((log) => ({ ...log })) }
  const sumBytes = logs.reduce((sum, log) => sum + log.sizeBytes, 0n)
  await lab.claim('holds-the-records', holds && logs.length >= partitions, measured, {
    layman: `${logs.length} drawers for ${recordCount} tickets`,
    engineer: `${logs.length} logs, ${sumBytes} bytes for ${recordCount} records`
  })
}

async function logsOf(lab: BrokerLab, topic: string): Promise<PartitionLog[]> {
  const asked = [{ name: topic, partitions: Array.from({ length: partitions }, (_, index) => index) }]
  const logs: PartitionLog[] = []
  for (const node of lab.cluster.nodeIds) {
    const { results } = await lab.cluster.call('DescribeLogDirs', node, asked)
    for (const { logDir: directory, topics } of results)
      for (const { partitionIndex: partition, partitionSize: sizeBytes } of topics.flatMap((one) => one.partitions))
        logs.push({ node, directory, partition, sizeBytes })
  }
  return logs.sort((a, b) => a.partition - b.partition || a.node - b.node)
}

async function endsOf(lab: BrokerLab, topic: string): Promise<Map<number, number>> {
  const rows = await lab.rows(['topics', 'offsets', topic], { shown: 'silent' })
  return new Map(rows.map((row) => [numberOf(row, 'partition') ?? -1, numberOf(row, 'end') ?? -1]))
}

async function findInFile(lab: BrokerLab, topic: string, directory: string): Promise<void> {
  const [record] = await lab.rows(['consume', topic, '--exit', '-n', '1'])
  const value = textOf(record, 'value') ?? ''
  const folder = join(directory, `${topic}-${numberOf(record, 'partition')}`)
  const names = (await readdir(folder)).sort()
  await lab.seen(folder)
  for (const name of names) await lab.seen(`  ${name}  ${(await stat(join(folder, name))).size} bytes`)
  const file = join(folder, names.find((name) => name.endsWith('.log')) ?? '')
  const position = (await readFile(file)).indexOf(value)
  const measured = { topic, file, value, position }
  const order = numberIn(value)
  await lab.claim('record-is-in-the-file', value !== '' && position >= 0, measured, {
    layman: position < 0 ? `order ${order} is not in its drawer` : `order ${order} lies in its drawer`,
    engineer: position < 0 ? `${value} is not in the .log file` : `${value} begins at byte ${position} of the .log file`
  })
}

/** The order's number, from `{"order_id":1001}`. */
function numberIn(value: string): string {
  return /\d+/.exec(value)?.[0] ?? 'none'
}

async function askEveryone(lab: BrokerLab, topic: string, leaders: ReadonlyMap<number, number>): Promise<void> {
  let sum = 0n
  const answers: { node: number; partition: number; leads: boolean; errorCode: number; end: bigint }[] = []
  for (const node of lab.cluster.nodeIds) {
    for (const [partition, leader] of leaders) {
      const { errorCode, end } = await askEnd(lab, topic, node, partition)
      answers.push({ node, partition, leads: node === leader, errorCode, end })
      if (node === leader && errorCode === 0) sum += end
    }
  }
  await lab.request(
    'ListOffsets, to every broker: where do the partitions end?',
    ...answers.map(
      ({ node, partition, errorCode, end }) =>
        `broker ${node}, partition ${partition}: ${errorCode === 0 ? `ends at ${end}` : `error ${errorCode}`}`
    )
  )
  await lab.scene(
    ...answers.map(
      ({ node, partition, errorCode, end }) =>
        `building ${node} about rail ${partition}: ${errorCode === 0 ? `${end} tickets` : 'not mine'}`
    )
  )
  const own = answers.filter((one) => one.leads)
  const others = answers.filter((one) => !one.leads)
  const sent = BigInt(recordCount)
  await lab.claim(
    'leader-answers',
    own.length === partitions && sum === sent,
    { topic, sum, sent, answers: own },
    {
      layman: `together ${sum} of ${sent} tickets`,
      engineer: `the ends add up to ${sum} of ${sent} records`
    }
  )
  if (others.length === 0) return
  const refused = others.filter((one) => one.errorCode === notLeaderOrFollower).length
  await lab.claim(
    'others-refuse',
    refused === others.length,
    { topic, answers: others },
    {
      layman: `${refused} of ${others.length} said so`,
      engineer: `${refused} of ${others.length} answers were NOT_LEADER_OR_FOLLOWER (6)`
    }
  )
}

async function askEnd(lab: BrokerLab, topic: string, node: number, partition: number) {
  const asked = [{ partitionIndex: partition, currentLeaderEpoch: -1, timestamp: latest }]
  const { topics } = await lab.cluster.answer('ListOffsets', node, -1, 0, [{ name: topic, partitions: asked }])
  const found = topics[0]?.partitions[0]
  return { errorCode: found?.errorCode ?? -1, end: found?.offset ?? -1n }
}

async function restart(lab: BrokerLab, topic: string, power: { stop(): Promise<void>; start(): Promise<void> }) {
  const read = async () => (await lab.rows(['consume', topic, '--exit'])).map(placeAndValue).sort()
  const before = await read()
  const stoppedMs = performance.now()
  await power.stop()
  await lab.seen('the broker has stopped')
  await lab.scene('the building is closed')
  await power.start()
  const tookMs = Math.round(performance.now() - stoppedMs)
  await lab.seen(`it runs again, on ${lab.ground.brokers.join(', ')}, after ${tookMs} ms`)
  await lab.scene('the building is open again')
  const after = await read()
  const holds = before.length === recordCount && before.join('\n') === after.join('\n')
  const comparison = holds ? 'the same' : 'not the same'
  await lab.claim(
    'survives-a-restart',
    holds,
    { topic, before, after, tookMs },
    {
      layman: `${before.length} tickets in the evening, ${after.length} in the morning; ${comparison}`,
      engineer: `${before.length} records before, ${after.length} after; ${comparison}`
    }
  )
}

function placeAndValue(row: PrintedRow): string {
  return `${numberOf(row, 'partition')}:${numberOf(row, 'offset')} ${textOf(row, 'value')}`
}

function whoLeads(lab: BrokerLab, topic: string): Check {
  return {
    values: { topic, where: lab.where, nodes: lab.cluster.nodeIds.toSorted((a, b) => a - b).join(', ') },
    keys: 'the number',
    async check(answer) {
      const { topics } = await lab.cluster.metadata([topic], 'leave')
      const leader = topics[0]?.partitions.find((one) => one.partitionIndex === 2)?.leaderId
      const right = /^\d+$/.test(answer) && Number(answer) === leader
      return {
        right,
        found: {
          layman: right ? `Building ${answer} runs it.` : `"${answer}" is not the building that runs it.`,
          engineer: right ? `Broker ${answer} leads it.` : `"${answer}" is not the broker that leads it.`
        }
      }
    }
  }
}
