/**
 * Runs `groups describe`: shows the groups as they are now, and with --watch again every second.
 */
import type { Cluster } from '../cluster.ts'
import type { Invocation } from '../command.ts'
import { withCluster } from '../connect.ts'
import { counted } from '../counted.ts'
import { ExitCode } from '../exit-codes.ts'
import { interruptedExitCode } from '../interruption.ts'
import { chosenFormat, formatTable, printRows, type Row, toJson } from '../output.ts'
import { partitionName } from '../partitions.ts'
import { isPattern } from '../topic-names.ts'
import { errorColumn, errorField, tellUnreadable, type UnreadablePartitions } from '../unreadable.ts'
import { pauseUnless } from '../waiting.ts'
import { describeGroup, noSuchGroup } from './describe-group.ts'
import type { GroupDescription } from './group-description.ts'
import { namesOfGroups } from './group-names.ts'
import { groupLag, type PartitionLag } from './lag.ts'

const watchIntervalMs = 1000

export async function runDescribe(invocation: Invocation): Promise<ExitCode> {
  return await withCluster(invocation.global, async (cluster) => {
    await show(invocation, cluster)
    while (invocation.flags.has('watch') && !invocation.interrupted.aborted) {
      await pauseUnless(invocation.interrupted, watchIntervalMs)
      if (invocation.interrupted.aborted) break
      if (chosenFormat(invocation) === 'table') await invocation.terminal.write('\u001b[2J\u001b[H')
      await show(invocation, cluster)
    }
    return invocation.interrupted.aborted ? interruptedExitCode(invocation.interrupted) : ExitCode.done
  })
}

interface Described {
  readonly description: GroupDescription
  readonly lags: readonly PartitionLag[]
}

async function show(invocation: Invocation, cluster: Cluster): Promise<void> {
  const described: Described[] = []
  for (const group of await namesOfGroups(cluster, invocation.args)) described.push(await describe(cluster, group))
  await print(invocation, described)
  const told = tellUnreadable(unreadableOf(described.flatMap(({ lags }) => lags)))
  if (told !== undefined) invocation.terminal.hint(told)
}

async function describe(cluster: Cluster, group: string): Promise<Described> {
  const description = await describeGroup(cluster, group)
  const lags = await groupLag(cluster, description)
  if (description.state === 'Dead' && lags.length === 0)
    throw noSuchGroup(group, 'the coordinator knows no group of that name')
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
    member: lag.member?.id ?? null,
    host: lag.member?.host ?? null,
    ...errorField(unreadableOf([lag]), partitionName(lag))
  }
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
      clientId: member.clientId,
      host: member.host,
      partitions: member.assignment.map((one) => `${one.topic}:${one.partition}`)
    }))
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

async function showTables(
  invocation: Invocation,
  description: GroupDescription,
  lags: readonly PartitionLag[]
): Promise<void> {
  const { terminal } = invocation
  const { bold } = terminal.out
  const members = counted(description.members.length, 'member')
  await terminal.write(
    `${bold(description.group)}  ${description.state}, ${members}, ${description.type} protocol ${description.protocol || '-'}, ` +
      `coordinator ${description.coordinator}, total lag ${totalLag(lags)}\n\n`
  )
  await terminal.write(formatTable(columnsFor(lags), lags.map(partitionRow), bold))
  await terminal.write(`\n${formatTable(['topic', 'partitions', 'lag'], topicTotals(lags), bold)}`)
  const idle = description.members.filter((member) => member.assignment.length === 0)
  if (idle.length > 0) await terminal.write(`\nwithout partitions: ${idle.map((member) => member.id).join(', ')}\n`)
}
