/**
 * Runs `groups reset`: refuses while the group has members (and names them), works out the new offsets, shows both.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { CliError, wrongUsage } from '../cli-error.ts'
import type { Cluster } from '../cluster.ts'
import type { Flags, Invocation } from '../command.ts'
import { withCluster } from '../connect.ts'
import { whileCoordinatorMoves } from '../coordinator-moves.ts'
import { counted } from '../counted.ts'
import { ExitCode } from '../exit-codes.ts'
import { committedByPartition } from '../group-offsets.ts'
import { parseDurationMs, parsePartitions, timestampMs } from '../human-values.ts'
import { kafkaFailure } from '../kafka-failure.ts'
import { type Place, parsePlace } from '../offsets.ts'
import { printRows, type Row } from '../output.ts'
import {
  type Bounds,
  describeTopics,
  findBoundsNow,
  type LedPartition,
  ledPartitions,
  listAllTopics,
  locatePosition,
  partitionName,
  withinBounds
} from '../partitions.ts'
import { exitCodeOf, explainFailure } from '../present-error.ts'
import { errorColumn, errorField, tellUnreadable, UnreadableError } from '../unreadable.ts'
import { whyUnreadable } from '../unreadable-file.ts'
import { describeGroup } from './describe-group.ts'
import { groupsOf } from './every-group.ts'
import { formatOffsetsCsv, type PartitionOffset, parseOffsetsCsv } from './offsets-csv.ts'
import { alterShareOffsets, shareOffsets } from './share-offsets.ts'

export async function runReset(invocation: Invocation): Promise<ExitCode> {
  const { args, flags, terminal, global } = invocation
  const [group = ''] = args
  const aim = readAim(flags, Date.now())
  return await withCluster(global, async (cluster) => {
    if (flags.has('execute')) await refuseWhileActive(cluster, group)
    const isShare = await isShareGroup(cluster, group)
    const committed = isShare ? await startOffsets(cluster, group) : await committedByPartition(cluster, group)
    const chosen = await chosenPartitions(cluster, { group, flags, aim, committed })
    const { bounds, unreadable } = await findBoundsNow(cluster, chosen)
    for (const one of unreadable.values()) if (bounds.size === 0) throw new UnreadableError(one)
    const partitions = chosen.filter((partition) => bounds.has(partitionName(partition)))
    const wanted = await resolveAim(cluster, partitions, aim, bounds, committed)
    const targets = withinBounds(wanted, bounds)
    const moved = partitions.filter((partition) => targets.has(partitionName(partition)))
    const offsets = moved.map(({ topic, partition }) => ({
      topic,
      partition,
      offset: targets.get(partitionName({ topic, partition })) ?? 0n
    }))
    const exported = flags.text('export')
    if (exported !== '-') {
      const left = [...unreadable.values()].map((one): Row => {
        const name = partitionName(one)
        const before = committed.get(name) ?? null
        return { topic: one.topic, partition: one.partition, before, after: before, ...errorField(unreadable, name) }
      })
      const rows = [...offsets.map((one) => resetRow(one, committed, bounds)), ...left]
      const columns = ['topic', 'partition', 'before', 'after', 'start', 'end', 'lag', ...errorColumn(unreadable)]
      await printRows(invocation, columns, rows)
    }
    const told = tellUnreadable(unreadable, 'what is committed there stays')
    if (told !== undefined) terminal.hint(told)
    for (const line of tellOutside(wanted, bounds)) terminal.hint(line)
    const missing = missingPartitions(aim, flags, chosen)
    if (missing.length > 0) terminal.hint(`there is no partition ${missing.join(', ')}: nothing is moved there`)
    if (exported !== undefined) await exportOffsets(invocation, exported, offsets)
    if (!flags.has('execute')) {
      terminal.hint('a dry run: nothing was changed; add --execute to do it')
      return ExitCode.done
    }
    if (isShare) await alterShareOffsets(cluster, group, offsets)
    else await commitOffsets(cluster, group, offsets)
    terminal.hint(`${group}: ${counted(offsets.length, 'offset')} moved`)
    return unreadable.size + missing.length > 0 ? ExitCode.partFailed : ExitCode.done
  })
}

async function isShareGroup(cluster: Cluster, group: string): Promise<boolean> {
  const coordinator = await cluster.coordinator(group)
  return (await groupsOf(cluster, coordinator)).some((one) => one.group === group && one.type === 'share')
}

/** Where a share group starts in each partition that somebody has read. */
async function startOffsets(cluster: Cluster, group: string): Promise<Map<string, bigint>> {
  const offsets = await shareOffsets(cluster, group)
  return new Map(offsets.flatMap((one) => (one.startOffset === null ? [] : [[partitionName(one), one.startOffset]])))
}

type Aim =
  | { readonly kind: 'position'; readonly position: Place }
  | { readonly kind: 'current' }
  | { readonly kind: 'shift'; readonly by: bigint }
  | { readonly kind: 'file'; readonly offsets: readonly PartitionOffset[] }

function readAim(flags: Flags, nowMs: number): Aim {
  const aims: Aim[] = []
  const to = flags.text('to')
  if (to !== undefined) aims.push(parseTo(to, nowMs))
  const shift = flags.text('shift')
  if (shift !== undefined) aims.push({ kind: 'shift', by: parseShift(shift) })
  const by = flags.parsed('by', parseDurationMs)
  if (by !== undefined) aims.push({ kind: 'position', position: { kind: 'time', timestampMs: nowMs - by } })
  const file = flags.text('fromFile')
  if (file !== undefined) aims.push({ kind: 'file', offsets: parseOffsetsCsv(readText(file), file) })
  const [aim] = aims
  if (!aim || aims.length > 1)
    throw wrongUsage(
      'say one of --to, --shift, --by and --from-file',
      'where should the offsets go?',
      'odradek groups reset --help'
    )
  return aim
}

function parseTo(text: string, nowMs: number): Aim {
  if (text === 'current') return { kind: 'current' }
  const timeMs = /^\d{1,12}$/.test(text) ? undefined : timestampMs(text, nowMs)
  if (timeMs !== undefined) return { kind: 'position', position: { kind: 'time', timestampMs: timeMs } }
  const known =
    'earliest, latest, current, an offset such as 42, or a time such as 2026-11-23T18:00 or @-1h; by a number: --shift -10'
  return { kind: 'position', position: parsePlace(text, nowMs, '--to', known) }
}

function parseShift(text: string): bigint {
  if (!/^[+-]?\d{1,15}$/.test(text)) throw wrongUsage(`"${text}" is not a number of offsets`, 'for example 10 or -10')
  return BigInt(text)
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    throw wrongUsage(`cannot read ${file}`, whyUnreadable(error))
  }
}

async function refuseWhileActive(cluster: Cluster, group: string): Promise<void> {
  const description = await describeGroup(cluster, group).catch((error: unknown) => {
    if (error instanceof CliError && error.exitCode === ExitCode.notFound) return undefined
    throw error
  })
  if (!description || description.members.length === 0) return
  const members = description.members.map((member) => `${member.clientId} on ${member.host} (${member.id})`)
  throw new CliError({
    what: `group "${group}" is active, its offsets cannot be moved`,
    why: `NON_EMPTY_GROUP (68): stop ${members.join(', ')} first`,
    next: `odradek groups describe ${group}`
  })
}

/** From --topic, from the file, or all that was committed to and still exists. */
async function chosenPartitions(
  cluster: Cluster,
  {
    group,
    flags,
    aim,
    committed
  }: {
    readonly group: string
    readonly flags: Flags
    readonly aim: Aim
    readonly committed: ReadonlyMap<string, bigint>
  }
): Promise<LedPartition[]> {
  const scopes = flags.list('topic').map(parseScope)
  if (scopes.length > 0) {
    const led: LedPartition[] = []
    for (const { topic, only } of scopes) led.push(...ledPartitions(await describeTopics(cluster, [topic]), only))
    return led
  }
  const names = aim.kind === 'file' ? aim.offsets.map(partitionName) : [...committed.keys()]
  const wanted = new Set(names)
  const topics = (await listAllTopics(cluster)).filter((topic) =>
    names.some((name) => name.startsWith(`${topic.name}:`))
  )
  const found = ledPartitions(topics).filter((partition) => wanted.has(partitionName(partition)))
  if (found.length > 0) return found
  throw new CliError({
    what: aim.kind === 'file' ? 'none of the partitions in the file exists' : `"${group}" has committed no offsets`,
    why: aim.kind === 'file' ? 'there is nothing to move' : 'there is no such group, or it has read nothing yet',
    next: 'say which topic with --topic',
    exitCode: ExitCode.notFound
  })
}

/** What the file names, and --topic does not leave out, but the cluster does not have. */
function missingPartitions(aim: Aim, flags: Flags, chosen: readonly LedPartition[]): string[] {
  if (aim.kind !== 'file') return []
  const there = new Set(chosen.map(partitionName))
  const scopes = flags.list('topic').map(parseScope)
  return aim.offsets
    .filter(({ topic, partition }) => scopes.length === 0 || scopes.some((scope) => includes(scope, topic, partition)))
    .map(partitionName)
    .filter((name) => !there.has(name))
}

interface Scope {
  readonly topic: string
  /** Undefined: all of its partitions. */
  readonly only: readonly number[] | undefined
}

function includes({ topic, only }: Scope, wanted: string, partition: number): boolean {
  return topic === wanted && (only === undefined || only.includes(partition))
}

function parseScope(text: string): Scope {
  const at = text.indexOf(':')
  return at < 0
    ? { topic: text, only: undefined }
    : { topic: text.slice(0, at), only: parsePartitions(text.slice(at + 1)) }
}

/** Apache's tool warns of each: "New offset (99999) is higher than latest offset for topic partition". */
function tellOutside(wanted: ReadonlyMap<string, bigint>, bounds: ReadonlyMap<string, Bounds>): string[] {
  return [...wanted].flatMap(([name, offset]) => {
    const { start, end } = bounds.get(name) ?? { start: offset, end: offset }
    if (offset > end) return [`${name}: ${offset} is past its end, so it goes to the end, ${end}`]
    return offset < start ? [`${name}: ${offset} is before its start, so it goes to the start, ${start}`] : []
  })
}

/** Where each partition should go, whether or not that lies in it. */
async function resolveAim(
  cluster: Cluster,
  partitions: readonly LedPartition[],
  aim: Aim,
  bounds: ReadonlyMap<string, Bounds>,
  committed: ReadonlyMap<string, bigint>
): Promise<Map<string, bigint>> {
  if (aim.kind === 'position') return await locatePosition(cluster, partitions, aim.position, bounds)
  const targets = new Map<string, bigint>()
  const listed = new Map(aim.kind === 'file' ? aim.offsets.map((one) => [partitionName(one), one.offset]) : [])
  for (const name of partitions.map(partitionName)) {
    const before = committed.get(name)
    const wanted =
      aim.kind === 'file'
        ? listed.get(name)
        : before === undefined
          ? undefined
          : before + (aim.kind === 'shift' ? aim.by : 0n)
    if (wanted !== undefined) targets.set(name, wanted)
  }
  return targets
}

function resetRow(
  one: PartitionOffset,
  committed: ReadonlyMap<string, bigint>,
  bounds: ReadonlyMap<string, Bounds>
): Row {
  const { start, end } = bounds.get(partitionName(one)) ?? { start: 0n, end: 0n }
  const before = committed.get(partitionName(one)) ?? null
  return { topic: one.topic, partition: one.partition, before, after: one.offset, start, end, lag: end - one.offset }
}

async function exportOffsets(invocation: Invocation, file: string, offsets: readonly PartitionOffset[]): Promise<void> {
  const csv = formatOffsetsCsv(offsets)
  if (file === '-') await invocation.terminal.write(csv)
  else {
    writeFileSync(file, csv)
    invocation.terminal.hint(`wrote ${counted(offsets.length, 'offset')} to ${file}`)
  }
}

async function commitOffsets(cluster: Cluster, group: string, offsets: readonly PartitionOffset[]): Promise<void> {
  const topics = [...new Set(offsets.map((one) => one.topic))].map((name) => ({
    name,
    partitions: offsets
      .filter((one) => one.topic === name)
      .map((one) => ({
        partitionIndex: one.partition,
        committedOffset: one.offset,
        committedLeaderEpoch: -1,
        committedMetadata: ''
      }))
  }))
  try {
    await whileCoordinatorMoves(cluster, async () =>
      cluster.call('OffsetCommit', await cluster.coordinator(group), group, -1, '', null, topics)
    )
  } catch (error) {
    const failure = kafkaFailure(error)
    if (!failure) throw error
    throw new CliError({
      what: `the offsets of group "${group}" were not moved`,
      why: explainFailure(failure),
      next: `odradek groups describe ${group}`,
      exitCode: exitCodeOf(failure),
      cause: error
    })
  }
}
