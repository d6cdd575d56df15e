/** `odradek dump` says of Apache Kafka's files what Apache Kafka's own DumpLogSegments says of them. */
import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { ReadOnlyDisk } from '../../../src/host/node/read-only-disk.ts'
import { dumpFile } from '../../../src/inspection/dump/dump.ts'
import type { DumpRow } from '../../../src/inspection/dump/row.ts'
import { javaTool } from '../../harness/java-tool.ts'
import { temporaryDirectory } from '../../harness/paths.ts'
import { kafkaJars, skipUnless } from '../../harness/tools.ts'
import { fillByKafka } from './kafka-directory.ts'

const skip = skipUnless(kafkaJars('broker'), kafkaJars('tools'))

test('batches, records, indexes and snapshots of Apache Kafka', { skip }, async (context) => {
  using data = temporaryDirectory('dump')
  await fillByKafka(data.path)
  const kinds = {
    'orders-0': ['--print-data-log'],
    'quakes-0': ['--print-data-log'],
    __cluster_metadata: ['--cluster-metadata-decoder'],
    __consumer_offsets: ['--offsets-decoder'],
    __transaction_state: ['--transaction-log-decoder'],
    __share_group_state: ['--share-group-state-decoder']
  }
  for (const [prefix, options] of Object.entries(kinds)) {
    await context.test(prefix, async () => {
      const files = readdirSync(data.path)
        .filter((name) => name.startsWith(prefix))
        .flatMap((name) => readdirSync(join(data.path, name)).map((file) => `${name}/${file}`))
        .filter((file) => /\/\d{20}(-\d{10})?\.(log|checkpoint|index|timeindex|txnindex|snapshot)$/.test(file))
      const paths = files.map((file) => join(data.path, file)).join()
      const said = await javaTool('org.apache.kafka.tools.DumpLogSegments', [
        ...['--print-data-log', '--deep-iteration', '--files', paths],
        ...options.filter((option) => option !== '--print-data-log')
      ])
      const byFile = sectionsOf(said.toString())
      let compared = 0
      for (const file of files) {
        const theirs = linesOf(file, byFile.get(join(data.path, file)) ?? [])
        const ours = rowsOf(data.path, file)
        assert.deepEqual(withoutDefaults(ours, theirs), theirs, file)
        compared += ours.length
      }
      assert.ok(compared >= 3, `${compared} lines were compared`)
    })
  }
})

/** Kafka leaves out what a version lacks, and what has a tag and is at its default. */
function withoutDefaults(ours: unknown, theirs: unknown): unknown {
  if (Array.isArray(ours))
    return ours.map((one, index) => withoutDefaults(one, Array.isArray(theirs) ? theirs[index] : null))
  if (typeof ours !== 'object' || ours === null || typeof theirs !== 'object' || theirs === null) return ours
  const fields = new Map<string, unknown>(Object.entries(theirs))
  return Object.fromEntries(
    Object.entries(ours)
      .filter(([name, value]) => fields.has(name) || !defaults.includes(JSON.stringify(value)))
      .map(([name, value]) => [name, withoutDefaults(value, fields.get(name))])
  )
}

const defaults = ['null', '[]', '-1', '-2', '0', 'false', '""', '"AAAAAAAAAAAAAAAAAAAAAA"']

function sectionsOf(text: string): Map<string, string[]> {
  const sections = new Map<string, string[]>()
  let lines: string[] = []
  for (const line of text.split('\n')) {
    const [, file] = /^Dumping (.*)$/.exec(line) ?? []
    if (file === undefined) lines.push(line)
    else {
      lines = []
      sections.set(file, lines)
    }
  }
  return sections
}

/** Apache Kafka's lines, in a form that both have. */
function linesOf(file: string, lines: readonly string[]): unknown[] {
  return lines.flatMap((line) => {
    const said = (name: string): string => new RegExp(`(?:^|[ |])${name}: ?(\\S+?),?(?: |$)`).exec(line)?.[1] ?? ''
    if (line.startsWith('baseOffset:')) {
      const names = ['baseOffset', 'lastOffset', 'count', 'baseSequence', 'lastSequence', 'producerId', 'producerEpoch']
      const more = ['partitionLeaderEpoch', 'isTransactional', 'isControl', 'position', 'CreateTime', 'size', 'crc']
      return [['batch', ...[...names, ...more].map(said), said('compresscodec'), said('isvalid')]]
    }
    if (line.startsWith('|')) return [['record', said('offset'), said('CreateTime'), ...contentSaid(line)]]
    if (file.endsWith('.timeindex') && line.startsWith('timestamp:')) return [[said('timestamp'), said('offset')]]
    if (file.endsWith('.index') && line.startsWith('offset:')) return [[said('offset'), said('position')]]
    if (file.endsWith('.txnindex') && line.startsWith('version:')) {
      return [['producerId', 'firstOffset', 'lastOffset', 'lastStableOffset'].map(said)]
    }
    if (file.endsWith('.snapshot') && line.startsWith('producerId:')) {
      return [['producerId', 'producerEpoch', 'coordinatorEpoch', 'lastTimestamp'].map(said)]
    }
    return []
  })
}

/** What a record holds: the JSON of a state, or text. */
function contentSaid(line: string): unknown[] {
  const [, control] =
    / headerKeys: \[\] (LeaderChange|SnapshotHeader|SnapshotFooter|KRaftVersion|KRaftVoters)/.exec(line) ?? []
  if (control !== undefined) return [control.toLowerCase()]
  const [, marker, coordinatorEpoch] = / endTxnMarker: (COMMIT|ABORT) coordinatorEpoch: (\d+)/.exec(line) ?? []
  if (marker !== undefined) return [marker.toLowerCase(), Number(coordinatorEpoch)]
  const key = / key: (.*?)(?: payload: |$)/s.exec(line)?.[1] ?? ''
  const [, payload = ''] = / payload: (?:<DELETE>|(.*))$/s.exec(line) ?? []
  return [stated(key), stated(payload)]
}

function stated(words: string): unknown {
  if (!words.startsWith('{"')) return words
  const { data } = JSON.parse(words)
  return data ?? words
}

function rowsOf(directory: string, file: string): unknown[] {
  const [directoryName = '', name = ''] = file.split('/')
  const disk = new ReadOnlyDisk(join(directory, directoryName))
  const rows = [...(dumpFile(disk, name, { isWithRecords: true, directoryName }) ?? [])]
  assert.deepEqual(
    rows.filter(({ what }) => what === 'damage'),
    []
  )
  return rows.filter(({ what }) => what !== 'unused').map(rowInWords)
}

function rowInWords(row: DumpRow): unknown[] {
  const inOrder = (...names: string[]): string[] => names.map((name) => String(row[name]))
  switch (row.what) {
    case 'batch': {
      const of = inOrder('baseOffset', 'lastOffset', 'count', 'baseSequence', 'lastSequence', 'producerId')
      const more = inOrder('producerEpoch', 'leaderEpoch', 'isTransactional', 'isControl', 'position', 'maxTimestamp')
      return ['batch', ...of, ...more, ...inOrder('sizeBytes', 'crc', 'compression', 'isValid')]
    }
    case 'control': {
      const isEnd = row.type === 'commit' || row.type === 'abort'
      const value = row.value
      const epoch =
        isEnd && typeof value === 'object' && value !== null && 'coordinatorEpoch' in value
          ? [value.coordinatorEpoch]
          : []
      return ['record', ...inOrder('offset', 'timestamp'), String(row.type).toLowerCase(), ...epoch]
    }
    case 'record':
      return ['record', ...inOrder('offset', 'timestamp'), row.key ?? '', row.value ?? '']
    case 'producer':
      return inOrder('producerId', 'epoch', 'coordinatorEpoch', 'timestamp')
    default: {
      const { what, version, ...fields } = row
      return Object.values(fields).map(String)
    }
  }
}
