/**
 * Runs `groups describe`: shows the groups as they are now, and with --watch again every second.
 */
import type { Cluster } from '../cluster.ts'
import type { Invocation } from '../command.ts'
import { withCluster } from '../connect.ts'
import { counted } from '../counted.ts'
import { ExitCode } from '../exit-codes.ts'
import { folded } from '../fold.ts'
import { isPattern } from '../glob.ts'
import { interruptedExitCode } from '../interruption.ts'
import { kafkaFailure } from '../kafka-failure.ts'
import { isNetworkFailure, Outage, patiently } from '../outage.ts'
import { chosenFormat, formatTable, printRows, type Row, toJson } from '../output.ts'
import { partitionName } from '../partitions.ts'
import { coordinatorMoves } from '../passing-errors.ts'
import { errorColumn, errorField, tellUnreadable, type UnreadablePartitions } from '../unreadable.ts'
import { pauseUnless } from '../waiting.ts'
import { describeGroup, noSuchGroup } from './describe-group.ts'
import type { GroupDescription, GroupMember } from './group-description.ts'
import { namesOfGroups } from './group-names.ts'
import { groupLag, type PartitionLag } from './lag.ts'

const watchIntervalMs = 1000

export async function runDescribe(invocation: Invocation): Promise<ExitCode> {
  return await withCluster(invocation.global, async (cluster) => {
    await show(invocation, await look(invocation, cluster))
    if (!invocation.flags.has('watch')) return ExitCode.done
    await watch(invocation, cluster)
    return interruptedExitCode(invocation.interrupted)
  })
}

/** Until the command is asked to end. A broker that goes away is waited for; what was seen last stays meanwhile. */
async function watch(invocation: Invocation, cluster: Cluster): Promise<void> {
  const { interrupted, terminal } = invocation
  const outage = new Outage(cluster.brokers, (line) => terminal.hint(line))
  while (!interrupted.aborted) {
    await pauseUnless(interrupted, watchIntervalMs)
    const described = await patiently(outage, interrupted, () => look(invocation, cluster), mayPass)
    if (described === undefined) return
    if (chosenFormat(invocation) === 'table') await terminal.write('\u001b[2J\u001b[H')
    await show(invocation, described)
  }
}

/** The broker is away, or its coordinator just begins. */
function mayPass(error: unknown): boolean {
  return isNetworkFailure(error) || coordinatorMoves.has(kafkaFailure(error)?.code ?? 0)
}

interface Described {
  readonly description: GroupDescription
  readonly lags: readonly PartitionLag[]
}

async function look(invocation: Invocation, cluster: Cluster): Promise<Described[]> {
  const described: Described[] = []
  for (const group of await namesOfGroups(cluster, invocation.args)) described.push(await describe(cluster, group))
  return described
}

async function show(invocation: Invocation, described: readonly Described[]): Promise<void> {
  await print(invocation, described)
  const told = tellUnreadable(unreadableOf(described.flatMap(({ lags }) => lags)))
  if (told !== undefined) invocation.terminal.hint(told)
}

async function describe(cluster: Cluster, group: string): Promise<Described> {
  const description = await describeGroup(cluster, group)
  const lags = await groupLag(cluster, description)
  if (description.state === 'Dead' && lags.length === 0)
    throw await noSuchGroup(cluster, group, 'no member has joined one of that name, and no offset was committed')
  return { description, lags }
}

/** One group that was named is one object in JSON; several, or what a pattern found, are a list, and a row says of which it is. */
async function print(invocation: Invocation, described: readonly Described[]): Promise<void> {
  const { args, terminal } = invocation
  const [only] = args.length === 1 && !args.some(isPattern) ? described : []
  const format = chosenFormat(invocation)
  if (format === 'table') {
    for (const [index, { description, lags }] of described.entries()) {
      if (index > 0) await terminal.write('\n')
      await showTables(invocation, description, lags)
    }
  } else if (format === 'csv' || format === 'raw') {
    const rows = described.flatMap(({ description: { group }, lags }) =>
      lags.map((lag) => ({ ...(only ? {} : { group }), ...partitionRow(lag) }))
    )
    const columns = columnsFor(described.flatMap(({ lags }) => lags))
    await printRows(invocation, only ? columns : ['group', ...columns], rows)
  } else if (format === 'json' && only) await terminal.write(`${toJson(wholeRow(only), 2)}\n`)
  else await printRows(invocation, [], described.map(wholeRow))
}

function unreadableOf(lags: readonly PartitionLag[]): UnreadablePartitions {
  return new Map(lags.flatMap((lag) => (lag.unreadable ? [[partitionName(lag), lag.unreadable]] : [])))
}

function columnsFor(lags: readonly PartitionLag[]): readonly string[] {
  return [...partitionColumns, ...errorColumn(unreadableOf(lags))]
}

const partitionColumns = ['topic', 'partition', 'committed', 'end', 'lag', 'member', 'host']

function partitionRow(lag: PartitionLag): Row {
  return {
    topic: lag.topic,
    partition: lag.partition,
    committed: lag.committed,
    end: lag.end,
    lag: lag.lag,
    member: listOf(lag.members.map(({ id }) => id)),
    host: listOf(lag.members.map(({ host }) => host)),
    ...errorField(unreadableOf([lag]), partitionName(lag))
  }
}

function listOf(texts: readonly string[]): string | null {
  return texts.length === 0 ? null : [...new Set(texts)].join(' ')
}

function wholeRow({ description, lags }: Described): Row {
  return {
    group: description.group,
    state: description.state,
    type: description.type,
    protocol: description.protocol,
    coordinator: description.coordinator,
    lag: totalLag(lags),
    topics: topicTotals(lags),
    partitions: lags.map(partitionRow),
    members: description.members.map((member) => ({
      id: member.id,
      instanceId: member.instanceId,
      epoch: member.epoch,
      clientId: member.clientId,
      host: member.host,
      partitions: member.assignment.map(partitionName),
      ...(member.tasks === undefined ? {} : { tasks: { ...member.tasks } })
    }))
  }
}

/** Of a share group, where a partition has many readers: who of them reads what. */
const memberColumns = ['member', 'epoch', 'client', 'partitions']

function memberRow({ id, epoch, clientId, assignment }: GroupMember): Row {
  return { member: id, epoch, client: clientId, partitions: listOf(assignment.map(partitionName)) }
}

/** Of a streams group: the tasks, of which one may read several topics, and the copies of state. */
const taskColumns = ['member', 'epoch', 'client', 'active', 'standby', 'warm-up']

function taskRow({ id, epoch, clientId, tasks }: GroupMember): Row {
  const { active = [], standby = [], warmup = [] } = tasks ?? {}
  return {
    ...{ member: id, epoch, client: clientId },
    ...{ active: listOf(active), standby: listOf(standby), 'warm-up': listOf(warmup) }
  }
}

function totalLag(lags: readonly PartitionLag[]): bigint {
  return lags.reduce((sum, lag) => sum + (lag.lag ?? 0n), 0n)
}

function topicTotals(lags: readonly PartitionLag[]): Row[] {
  const topics = [...new Set(lags.map((lag) => lag.topic))]
  return topics.map((topic) => {
    const own = lags.filter((lag) => lag.topic === topic)
    return { topic, partitions: own.length, lag: totalLag(own) }
  })
}

/** Where the partitions do not tell what each member does. */
const memberTables: Partial<
  Record<GroupDescription['type'], readonly [columns: readonly string[], rowOf: (member: GroupMember) => Row]>
> = { share: [memberColumns, memberRow], streams: [taskColumns, taskRow] }

async function showTables(
  invocation: Invocation,
  description: GroupDescription,
  lags: readonly PartitionLag[]
): Promise<void> {
  const { terminal } = invocation
  const { columns } = terminal
  const { bold } = terminal.out
  const members = counted(description.members.length, 'member')
  const about =
    `${bold(description.group)}  ${description.state}, ${members}, ${description.type} protocol ${description.protocol || '-'}, ` +
    `coordinator ${description.coordinator}, total lag ${totalLag(lags)}`
  await terminal.write(`${folded(about, columns)}\n\n`)
  await terminal.write(formatTable(columnsFor(lags), lags.map(partitionRow), bold, columns))
  await terminal.write(`\n${formatTable(['topic', 'partitions', 'lag'], topicTotals(lags), bold, columns)}`)
  const [memberTable, rowOf] = memberTables[description.type] ?? []
  if (memberTable !== undefined && rowOf !== undefined && description.members.length > 0) {
    await terminal.write(`\n${formatTable(memberTable, description.members.map(rowOf), bold, columns)}`)
  }
  const idle = description.members.filter(({ assignment, tasks }) => assignment.length === 0 && tasks === undefined)
  if (idle.length > 0)
    await terminal.write(`\n${folded(`without partitions: ${idle.map((member) => member.id).join(', ')}`, columns)}\n`)
}
