/**
 * What `consume` was asked for, checked and with types.
 */
import { wrongUsage } from '../cli-error.ts'
import type { Invocation } from '../command.ts'
import { parseCount, parsePartitions } from '../human-values.ts'
import { parseRange, type Range } from '../offsets.ts'
import type { Isolation } from '../partitions.ts'
import { type Encoding, encodings, type RecordEncodings } from '../record-json.ts'
import type { FilterOptions } from './filter.ts'

const expectTimeoutMs = 10_000

export interface ConsumePlan {
  readonly topics: readonly string[]
  readonly partitions: readonly number[] | undefined
  readonly range: Range
  /** Whether --from was said; then it goes before a group's committed offsets. */
  readonly start: 'asked' | 'default'
  readonly exitAtEnd: boolean
  readonly tail: number | undefined
  /** Stop after so many. */
  readonly count: number | undefined
  readonly expect: number | undefined
  readonly timeoutMs: number | undefined
  readonly group: string | undefined
  /** A share group (KIP-932), in the place of one that gives each partition to one member. */
  readonly share: string | undefined
  /** By which its members agree: that of KIP-848, or the older one. */
  readonly groupProtocol: 'classic' | 'consumer'
  readonly commits: boolean
  readonly isolation: Isolation
  readonly encodings: RecordEncodings
  readonly filter: FilterOptions
  /** Whether it is said why nothing comes. */
  readonly explains: boolean
}

export function readPlan({ args, flags, global }: Invocation, nowMs: number): ConsumePlan {
  const from = flags.text('from')
  const tail = flags.parsed('tail', parseCount)
  const group = flags.text('group') ?? global.settings.groupId
  const expect = flags.parsed('expect', parseCount)
  const partitions = flags.parsed('partitions', parsePartitions)
  if (tail !== undefined && group !== undefined) {
    throw wrongUsage(
      '--tail and --group exclude each other',
      'a group goes on where it stopped, and what is behind it would be passed over',
      `without --group: --tail ${tail}`
    )
  }
  if (tail !== undefined && from !== undefined) {
    throw wrongUsage(
      '--tail and --from exclude each other',
      'each says where to begin',
      `--from -${tail} --exit   (the last ${tail} of each partition)`
    )
  }
  if (group === undefined && flags.text('share') === undefined && flags.text('groupProtocol') !== undefined) {
    throw wrongUsage(
      '--group-protocol without --group',
      'it says how the members of a group agree on who reads what',
      'the same command with --group NAME'
    )
  }
  if (partitions && group !== undefined) {
    throw wrongUsage('--partitions and --group exclude each other', 'a group gives its members their partitions')
  }
  return {
    topics: [...new Set(args)],
    partitions,
    range: from === undefined ? { from: { kind: startOf(global.settings.autoOffsetReset) } } : parseRange(from, nowMs),
    start: from === undefined ? 'default' : 'asked',
    exitAtEnd: flags.has('exit') || tail !== undefined,
    tail,
    count: smallest(flags.parsed('count', parseCount), expect),
    expect,
    timeoutMs: global.timeoutMs ?? (expect === undefined ? undefined : expectTimeoutMs),
    group,
    share: flags.text('share'),
    groupProtocol: flags.text('groupProtocol') === 'consumer' ? 'consumer' : 'classic',
    commits: !flags.denied('commit') && global.settings.autocommit !== false,
    isolation: isolationOf(flags.text('isolation') ?? global.settings.isolation),
    encodings: { key: encodingOf(flags.text('key')), value: encodingOf(flags.text('value')) },
    filter: {
      key: flags.text('filterKey'),
      value: flags.text('filterValue'),
      headers: flags.list('filterHeader'),
      where: flags.text('where')
    },
    explains: flags.has('explain')
  }
}

function startOf(autoOffsetReset: string | undefined): 'start' | 'end' {
  return autoOffsetReset === 'latest' ? 'end' : 'start'
}

function isolationOf(level: string | undefined): Isolation {
  return level === 'committed' || level === 'read_committed' ? 'committed' : 'uncommitted'
}

function encodingOf(name: string | undefined): Encoding {
  return encodings.find((encoding) => encoding === name) ?? 'text'
}

function smallest(a: number | undefined, b: number | undefined): number | undefined {
  if (a === undefined || b === undefined) return a ?? b
  return Math.min(a, b)
}
