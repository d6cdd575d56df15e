/** The parts of the benches that would rot unseen. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startNullBroker } from '../../bench/null-broker/process.ts'
import { documentOf } from '../../bench/versus-kafka/document.ts'
import { drawCharts } from '../../bench/versus-kafka/drawings.ts'
import { type Goal, goals, judge } from '../../bench/versus-kafka/goals.ts'
import { goalNotes, rowNotes } from '../../bench/versus-kafka/notes.ts'
import { curveOf, exponentOf, type Results, type RowResult, slopeOf } from '../../bench/versus-kafka/results.ts'
import { rows } from '../../bench/versus-kafka/rows/all.ts'
import { curveTable, figureTable, figureText } from '../../bench/versus-kafka/table.ts'
import { fetchBody, produceBody, topicMetadata } from '../harness/raw-requests.ts'
import { recordBatch } from '../harness/record-batch.ts'
import { RawConnection } from '../harness/wire.ts'

const machine: RowResult['machine'] = {
  processor: 'a processor',
  cores: 2,
  memoryGb: 8,
  system: 'Linux',
  node: 'v20',
  java: '17',
  kafka: '4.4.0',
  syncMicros: 400,
  bareNodeMs: 40,
  commit: 'abc'
}

function resultOf(row: string, samples: RowResult['samples']): RowResult {
  const when = { startedAt: '2026-01-01T00:00:00Z', tookSeconds: 1, busyness: 0.1 }
  return { row, size: 'full', rounds: 3, machine, samples, failures: {}, ...when }
}

function resultsOf(...results: readonly RowResult[]): Results {
  return new Map(results.map((result) => [result.row, result]))
}

function goalNamed(name: string): Goal {
  const found = goals.find((goal) => goal.name === name)
  assert.ok(found, name)
  return found
}

test('the null broker acknowledges what it throws away, and serves any offset', async () => {
  await using broker = await startNullBroker(100)
  const connection = await RawConnection.open(broker.bootstrap)
  const acknowledged = await connection.ask(0, 7, produceBody('nowhere', recordBatch(['gone'])))
  const errors = acknowledged.list(() => {
    acknowledged.text()
    return acknowledged.list(() => [acknowledged.int32(), acknowledged.int16(), acknowledged.int64()])
  })
  assert.deepEqual(errors, [[[0, 0, 0]]])
  const answer = await connection.ask(1, 4, fetchBody('nowhere', 1000, 100_000))
  assert.ok(answer.remaining > 16_384)
  connection.close()
})

test('the null broker has as many partitions as it is told', async () => {
  await using broker = await startNullBroker(100, 7)
  const connection = await RawConnection.open(broker.bootstrap)
  assert.deepEqual((await topicMetadata(connection, 'any')).leaders, [1, 1, 1, 1, 1, 1, 1])
  connection.close()
})

test('a figure is a median with half its spread, and a contender that is absent leaves a dash', () => {
  assert.equal(figureText([100, 120, 110]), '110 ±9%')
  assert.equal(figureText([4000]), '4,000')
  assert.equal(figureText([]), '–')
})

test('the table has a column for each contender and the ratio to Kafka', () => {
  const samples = { kafka: [{ start: 1000 }, { start: 1200 }, { start: 1100 }], odradek: [{ start: 55 }] }
  const [headings, , line] = figureTable(rows, resultsOf(resultOf('start', samples)), () => true).split('\n')
  const cells = (text = '') => text.split('|').flatMap((cell) => (cell.trim() === '' ? [] : [cell.trim()]))
  assert.deepEqual(cells(headings), ['row', 'unit', 'Apache Kafka', 'Odradek', 'Odradek / Kafka'])
  assert.deepEqual(cells(line), ['start', 'ms', '1,100 ±9%', '55.0', '0.05'])
})

test('what a broker did before it was warm stands in a line of its own', () => {
  const warm = resultOf('produce-small', { kafka: [{ rate: 200 }], odradek: [{ rate: 220 }] })
  const cold = { kafka: { rate: 100 }, odradek: { rate: 200 } }
  const [, , first, second] = figureTable(rows, resultsOf({ ...warm, cold }), (key) => key === 'rate').split('\n')
  assert.match(first ?? '', /^\| produce-small +\| records\/s \| +200 \| +220 \| +1\.10 \|$/)
  assert.match(second ?? '', /^\| produce-small, cold \| records\/s \| +100 \| +200 \| +2\.00 \|$/)
})

test('each goal is judged by its rule', () => {
  const results = resultsOf(
    resultOf('produce-small', {
      kafka: [{ rate: 100 }],
      odradek: [{ rate: 109 }],
      'odradek-os': [{ rate: 119 }],
      null: [{ rate: 130 }]
    }),
    resultOf('durability', { odradek: [{ rate: 90, one: 400, all: 500 }], 'odradek-os': [{ rate: 100 }] }),
    resultOf('latency-acks-1', { kafka: [{ p99: 100 }], odradek: [{ p99: 50 }] }),
    resultOf('start', { kafka: [{ start: 1000 }], odradek: [{ start: 110 }], node: [{ start: 45 }] }),
    resultOf('growth-lag', { odradek: [{ 'rate@1': 100, 'rate@10': 85 }] })
  )
  const verdictOf = (name: string) => {
    const verdict = judge(goalNamed(name), results)
    return verdict && [Number(verdict.measured.toFixed(2)), verdict.isReached]
  }
  assert.deepEqual(verdictOf('produce 100 B'), [1.09, false])
  assert.deepEqual(verdictOf('produce 100 B, default to os'), [0.9, true])
  assert.deepEqual(verdictOf('end to end average, acks=1 to acks=all'), [0.8, true])
  assert.deepEqual(verdictOf('produce 100 B, to null'), [0.92, true])
  assert.deepEqual(verdictOf('end to end p99, acks=1'), [0.5, true])
  assert.deepEqual(verdictOf('start above a bare Node'), [65, false])
  assert.deepEqual(verdictOf('consume, 1 to 10 M records behind'), [0.85, true])
  assert.equal(verdictOf('memory, idle'), null)
})

test('every goal and every note speaks of a figure that a row measures', () => {
  for (const { name, row, figure, of } of goals) {
    const measured = rows.find((candidate) => candidate.name === row)
    assert.ok(measured, `${name}: there is no ${row}`)
    assert.ok(new Set(measured.figures.map(({ key }) => key)).has(figure), `${name}: ${row} has no ${figure}`)
    assert.ok(measured.contenders.includes(of), `${name}: ${row} does not measure ${of}`)
  }
  const names = new Set(goals.map(({ name }) => name))
  assert.deepEqual(
    Object.keys(goalNotes).filter((name) => !names.has(name)),
    []
  )
  assert.deepEqual(
    Object.keys(rowNotes).filter((name) => !rows.some((row) => row.name === name)),
    []
  )
})

test('a curve tells how it grows and what one more costs', () => {
  const result = resultOf('scale-groups', { odradek: [{ 'resident@100': 50, 'resident@1000': 500 }] })
  const points = curveOf(result, 'odradek', 'resident')
  assert.deepEqual(points, [
    { x: 100, y: 50 },
    { x: 1000, y: 500 }
  ])
  assert.equal(exponentOf(points), 1)
  assert.equal(slopeOf(points), 0.5)
  const row = rows.find(({ name }) => name === 'scale-groups')
  assert.ok(row)
  assert.match(curveTable(row, resultsOf(result)), /\| resident memory +\| +MB \| +50\.0 \| +500 \| +n\^1\.00 \|/)
})

test('the document names the goals that were missed, and its charts are whole SVG for light and dark pages', () => {
  const results = resultsOf(
    resultOf('produce-small', { kafka: [{ rate: 100 }], odradek: [{ rate: 105 }], null: [{ rate: 130 }] }),
    resultOf('scale-groups', { odradek: [{ 'resident@100': 50, 'resident@1000': 500 }] })
  )
  const charts = drawCharts(rows, results)
  assert.deepEqual([...charts.keys()], ['goals', 'throughput', 'scale-groups'])
  for (const [name, chart] of charts) {
    assert.match(chart, /^<svg [^>]+>\n<title>[^<]+<\/title>[\s\S]+<\/svg>\n$/, name)
    assert.match(chart, /prefers-color-scheme: dark/, name)
    assert.doesNotMatch(chart, /NaN|Infinity|undefined/, name)
  }
  const document = documentOf(rows, results, [...charts.keys()])
  assert.match(document, /\*\*produce 100 B\*\*: 1\.05 ×, wanted ≥ 1\.1 × Apache Kafka\./)
  assert.match(document, /500 KB for a group of one member/)
  assert.match(document, /!\[[^\]]+\]\(performance\/scale-groups\.svg\)/)
})
