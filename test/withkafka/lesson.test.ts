/** The programs are lessons: whoever opens one sees what a client of Kafka does, on one screen and in its order. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { projectDirectory } from '../harness/paths.ts'
import type { Program } from './programs.ts'

const screenLines = 58
const screenColumns = 80

const lessons: readonly [withKafka: Program, withoutKafka: Program, calls: readonly string[]][] = [
  [
    'withkafka/kafkaprod.ts',
    'withoutkafka/prod.ts',
    ['new Kafka(', 'kafka.producer(', 'producer.connect(', 'producer.send(', '.delivered(', 'producer.disconnect(']
  ],
  [
    'withkafka/kafkacons.ts',
    'withoutkafka/cons.ts',
    [
      'new Kafka(',
      'kafka.consumer(',
      'consumer.connect(',
      'consumer.subscribe(',
      'consumer.run(',
      '.process(',
      '.commitOffsetsIfNecessary(',
      'consumer.disconnect('
    ]
  ]
]

function linesOf(program: Program): string[] {
  return readFileSync(join(projectDirectory, program), 'utf8').trimEnd().split('\n')
}

/** Without its first comment, and with imports as from the other folder. */
function codeOf(program: Program): string[] {
  const lines = linesOf(program)
  return lines.slice(lines.indexOf(' */') + 1).map((line) => line.replace("'../withkafka/", "'./"))
}

for (const [withKafka, withoutKafka, calls] of lessons) {
  for (const program of [withKafka, withoutKafka])
    test(`${program} shows the client's calls on one screen, in the order in which they are made`, () => {
      const lines = linesOf(program)
      assert.ok(lines.length <= screenLines, `${lines.length} lines`)
      for (const line of lines) assert.ok(line.length <= screenColumns, line)
      const code = codeOf(program).join('\n')
      const places = calls.map((call) => code.indexOf(call))
      assert.ok(!places.includes(-1), `${calls[places.indexOf(-1)]} is not there`)
      assert.deepEqual(
        places,
        [...places].sort((one, other) => one - other)
      )
    })

  test(`${withoutKafka} is ${withKafka} but for the lines that open a directory`, () => {
    const [one, other] = [codeOf(withKafka), codeOf(withoutKafka)]
    const onlyIn = (lines: readonly string[], others: readonly string[]) =>
      lines.filter((line) => !others.includes(line))
    for (const line of onlyIn(one, other)) assert.match(line, /bootstrapServer|parseBrokers|\/\/ Connect\./)
    for (const line of onlyIn(other, one)) assert.match(line, /openKafka|directory|shared\.brokers/)
    assert.equal(other.length - onlyIn(other, one).length, one.length - onlyIn(one, other).length)
  })
}
