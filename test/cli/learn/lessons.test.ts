/**
 * The lessons as a reader has them: the text, the questions with wrong and right answers, and that nothing of a lesson stays
 * on a cluster, however it ends.
 */
import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { allConcepts } from '../../../src/cli/learn/concepts/all.ts'
import { partitionOfKey } from '../../../src/cli/produce/murmur2.ts'
import type { LineProcess } from '../../harness/child-process.ts'
import { startOdradek } from '../../harness/odradek-process.ts'
import { type CommandLine, openCommandLine, unavailable } from '../command-line.ts'

const limitMs = 120_000

interface Told {
  readonly event?: string
  readonly id?: string
  readonly holds?: boolean
  readonly outcome?: string
  readonly statement?: string
  readonly command?: string
  readonly prefix?: string
}

suite('learn', { skip: unavailable() }, () => {
  let cli: CommandLine
  before(async () => {
    cli = await openCommandLine()
  })
  after(async () => {
    await cli?.[Symbol.asyncDispose]()
  })

  async function nothingIsLeft(): Promise<void> {
    const topics = await cli.rows(['topics', 'list', 'learn-*'])
    const groups = await cli.rows(['groups', 'list'])
    assert.deepEqual(topics, [])
    assert.deepEqual(
      groups.filter((group) => String(group.group).startsWith('learn-')),
      []
    )
  }

  test('without a concept it lists the seven, in the order to learn them', async () => {
    const text = await cli.text(['learn'])
    const places = allConcepts.map((concept) => text.indexOf(` ${concept.name} `))
    assert.ok(places.every((place, index) => place > (places[index - 1] ?? 0)))
    fits(text)
    const rows = await cli.rows(['learn', '-o', 'jsonl'])
    assert.deepEqual(
      rows.map((row) => row.concept),
      allConcepts.map((concept) => concept.name)
    )
  })

  test('all lessons run to their end on an embedded broker, whatever the environment names, in 80 plain columns', async () => {
    const { code, stdout, stderr } = await cli.run(['learn', 'all', '--yes', '--voice', 'engineer'])
    const text = stdout.toString()
    assert.equal(stderr, '')
    fits(text)
    const broken = text.indexOf('✗')
    assert.equal(broken, -1, text.slice(Math.max(0, broken - 600), broken + 300))
    assert.ok(!text.includes('\u001b'), 'no colour')
    assert.equal(count(text, / A question$/gm), allConcepts.length)
    assert.equal(count(text, /· skipped: standard input has no answer/g), allConcepts.length)
    assert.equal(code, 0)
    assert.match(text, /an embedded broker on localhost:/)
    assert.doesNotMatch(text, new RegExp(`broker on ${cli.bootstrap}`))
    await nothingIsLeft()
  })

  test('the layman hears all seven without a command, an address or a number in hex, each in less than five minutes', async () => {
    const startedMs = performance.now()
    const { code, stdout } = await cli.run(['learn', 'all', '--yes'])
    const tookMs = performance.now() - startedMs
    const text = stdout.toString()
    fits(text)
    assert.equal(code, 0, text)
    assert.equal(count(text, /· skipped: standard input has no answer/g), allConcepts.length)
    const [lessons = ''] = text.split(/^ Next |^ In Kafka's words/m)
    assert.doesNotMatch(lessons, /npx|localhost|learn-|\$ |0x|\b[0-9a-f]*[a-f][0-9]+[0-9a-f]*\b|offset \d|partition \d/)
    const perLesson = allConcepts.map(({ title }) => {
      const after = lessons.slice(lessons.indexOf(`\n${title.toUpperCase()}\n`) + title.length + 2)
      const end = after.search(/\n[A-Z ]{5,}\n─/)
      return after.slice(0, end < 0 ? undefined : end).split(/\s+/).length
    })
    // As slowly as one reads what is new, and then some: 150 words a minute, the question apart.
    for (const words of perLesson) assert.ok(words > 50 && words < 4 * 150, `${perLesson}`)
    assert.ok(tookMs < 7 * 60_000)
  })

  test('below a command stands what that command prints on a terminal', async () => {
    const text = await cli.text(['learn', 'topic', '--voice', 'engineer', '--keep', '-b', cli.bootstrap])
    const prefix = /names that begin with (learn-\w+-)/.exec(text)?.[1] ?? ''
    const again = await cli.text(['topics', 'describe', `${prefix}payments`, '-o', 'table'])
    assert.match(again, /PARTITION {2}LEADER/)
    const consumed = await cli.text(['consume', `${prefix}payments`, '--exit', '-o', 'table'])
    const lines = text.split('\n').map((line) => line.trim())
    const at = lines.findIndex((line) => line.includes(`consume ${prefix}payments --exit`))
    assert.ok(at > 0, text)
    const printed = lines.slice(at).join('').replaceAll(' ', '')
    assert.ok(printed.includes(consumed.trim().replaceAll(' ', '')), `${text}\n${consumed}`)
    assert.match(text, /PARTITION {2}LEADER {2}REPLICAS/)
    await cli.text(['topics', 'delete', `${prefix}orders`, `${prefix}payments`, '--yes'])
  })

  test('each voice says its own and not the other', async () => {
    const [layman, engineer] = [
      await cli.text(['learn', 'topic', '--voice', 'layman', '-b', cli.bootstrap]),
      await cli.text(['learn', 'topic', '--voice', 'engineer', '-b', cli.bootstrap])
    ]
    const [topic] = allConcepts
    const has = (text: string, part = '') => text.replace(/\s+/g, ' ').includes(part)
    for (const text of [layman, engineer]) fits(text)
    assert.ok(has(layman, topic?.kitchen) && has(layman, topic?.postOffice) && !has(layman, topic?.definition))
    assert.ok(has(engineer, topic?.definition) && !has(engineer, topic?.kitchen))
    const claim = topic?.claims['reading-keeps']
    assert.ok(has(layman, claim?.layman) && !has(layman, claim?.engineer))
    assert.ok(has(engineer, claim?.engineer) && !has(engineer, claim?.layman))
  })

  test('the commands that are shown name the brokers', async () => {
    const text = await cli.text(['learn', 'topic', '--voice', 'engineer', '-b', cli.bootstrap])
    const whole = text.replace(/ \\\n +/g, ' ')
    const commands = whole.split('\n').filter((line) => line.includes('$ npx odradek'))
    assert.ok(commands.length >= 6)
    for (const command of commands) assert.match(command, new RegExp(` -b ${cli.bootstrap}$`))
  })

  test('a topic of the reader is looked for on the broker: not there, with too few partitions, there', async () => {
    const lesson = cli.start(['learn', 'topic', '-o', 'jsonl'])
    const { prefix } = await told(lesson, (row) => row.event === 'begin')
    await told(lesson, (row) => row.event === 'question')
    lesson.send('')
    assert.match((await answer(lesson, 1)).statement ?? '', /knows no topic/)
    await cli.text(['topics', 'create', `${prefix}menu`, '-p', '2'])
    lesson.send('')
    assert.match((await answer(lesson, 2)).statement ?? '', /with 2 partitions/)
    await cli.text(['topics', 'alter', `${prefix}menu`, '-p', '3'])
    lesson.send('')
    assert.equal((await answer(lesson, 3)).outcome, 'right')
    assert.equal(await lesson.exited, 0)
    await nothingIsLeft()
  })

  const questions: Record<string, (question: string) => { wrong: readonly string[]; right: number }> = {
    broker: () => ({ wrong: ['77', 'the first'], right: 1 }),
    producer: () => ({ wrong: ['0', '17', 'soon'], right: 3 }),
    partition(question) {
      const key = /the key "(\d+)"/.exec(question)?.[1] ?? ''
      const right = partitionOfKey(Buffer.from(key), 3)
      return { wrong: [String((right + 1) % 3), '3', 'left'], right }
    },
    'partition --voice layman': (question) => {
      const right = Number(/hangs on rail (\d)/.exec(question)?.[1])
      return { wrong: [String((right + 1) % 3), '3', 'left'], right }
    },
    consumer: () => ({ wrong: ['3'], right: 2 }),
    offset: () => ({ wrong: ['5', 'six'], right: 6 })
  }

  for (const [name, answersTo] of Object.entries(questions)) {
    test(`${name}: the broker tells a wrong answer from the right one`, async () => {
      const lesson = cli.start(['learn', ...name.split(' '), '-o', 'jsonl'])
      const { statement = '' } = await told(lesson, (row) => row.event === 'question')
      const { wrong, right } = answersTo(statement)
      for (const [index, one] of wrong.entries()) {
        lesson.send(one)
        assert.equal((await answer(lesson, index + 1)).outcome, 'wrong', `${one} is wrong`)
      }
      // Enter alone is no answer, and a word beside the number is no fault.
      lesson.send('')
      lesson.send(`${right} of them`)
      assert.equal((await answer(lesson, wrong.length + 1)).outcome, 'right')
      assert.equal(await lesson.exited, 0)
      assert.equal(count(lesson.stderr, /A hint: /g), wrong.length)
      for (const row of rowsOf(lesson)) if (row.event === 'claim') assert.equal(row.holds, true, row.id)
      await nothingIsLeft()
    })
  }

  test('replication-factor: of three brokers of our own the leader is killed, another leads, and the broker comes back in sync', async () => {
    const { code, stdout, stderr } = await cli.run(['learn', 'replication', '-o', 'jsonl'], '2\n3\n')
    assert.equal(code, 0, stderr)
    const rows = stdout
      .toString()
      .trim()
      .split('\n')
      .map((line): Told => JSON.parse(line))
    const outcomes = rows.filter((row) => row.event === 'answer').map((row) => row.outcome)
    assert.deepEqual(outcomes, ['wrong', 'right'])
    const claims = rows.filter((row) => row.event === 'claim').map((row) => [row.id, row.holds])
    assert.deepEqual(claims, [
      ['copies-lie-apart', true],
      ['one-broker-one-copy', true],
      ['another-leads', true],
      ['in-sync-shrinks', true],
      ['still-read', true],
      ['still-written', true],
      ['in-sync-grows', true]
    ])
  })

  test('on a cluster the reader is asked to stop its broker, and may skip it', async () => {
    const { code, stdout } = await cli.run(['learn', 'replication', '-b', cli.bootstrap], 's\ns\n')
    assert.equal(code, 0)
    assert.match(stdout.toString(), /Please stop broker 1[\s\S]*skipped: as you wish/)
    await nothingIsLeft()
  })

  test('a cluster that makes no topics by itself: that is measured, and the lesson goes on', async () => {
    await using broker = await startOdradek({ configs: { 'auto.create.topics.enable': 'false' }, storage: 'memory' })
    const rows = await cli.rows(['learn', 'topic', '-o', 'jsonl', '-b', broker.bootstrap])
    const claims = rows.filter((row) => row.event === 'claim').map((row) => [row.id, row.holds])
    assert.deepEqual(claims, [
      ['first-use-is-refused', true],
      ['topics-do-not-mix', true],
      ['reading-keeps', true]
    ])
  })

  test('q leaves, Ctrl-C or a closed terminal interrupts, and each leaves nothing on the cluster', async () => {
    const left = await cli.run(['learn', 'offset', '-b', cli.bootstrap], 'q\n')
    assert.equal(left.code, 0)
    await nothingIsLeft()
    for (const signal of ['SIGINT', 'SIGHUP'] as const) {
      const lesson = cli.start(['learn', 'consumer', '-o', 'jsonl'])
      await told(lesson, (row) => row.id === 'one-member-each')
      lesson.child.kill(signal)
      // The shell tells its jobs of a closed terminal, and then the system does: no second wish.
      if (signal === 'SIGHUP') lesson.child.kill(signal)
      assert.equal(await lesson.exited, 130)
      await nothingIsLeft()
    }
  })

  test('what is kept can be read afterwards', async () => {
    const rows = await cli.rows(['learn', 'topic', '--keep', '-o', 'jsonl', '-b', cli.bootstrap])
    const prefix = String(rows[0]?.prefix)
    const kept = await cli.rows(['topics', 'list', `${prefix}*`])
    assert.deepEqual(
      kept.map((row) => row.topic),
      [`${prefix}orders`, `${prefix}payments`]
    )
    await cli.text(['topics', 'delete', `${prefix}orders`, `${prefix}payments`, '--yes'])
  })

  test('an unknown concept is wrong usage, an unreachable cluster is named', async () => {
    const unknown = await cli.run(['learn', 'zookeeper'])
    assert.equal(unknown.code, 2)
    assert.match(unknown.stderr, /no lesson about "zookeeper"[\s\S]*there are topic, broker/)
    const unreachable = await cli.run(['learn', 'topic', '-b', 'localhost:1'])
    assert.equal(unreachable.code, 3)
    assert.match(unreachable.stderr, /cannot reach a Kafka broker at localhost:1/)
    assert.equal(unreachable.stdout.toString(), '', 'it is said before a page of introduction')
  })
})

function rowsOf(lesson: LineProcess): Told[] {
  return lesson.lines.map((line) => JSON.parse(line))
}

async function told(lesson: LineProcess, wanted: (row: Told) => boolean): Promise<Told> {
  return await lesson.until(() => rowsOf(lesson).find(wanted), 'the row', limitMs)
}

/** The nth answer, counted from 1. */
async function answer(lesson: LineProcess, nth: number): Promise<Told> {
  const answers = () => rowsOf(lesson).filter((row) => row.event === 'answer')
  return await lesson.until(() => answers()[nth - 1], `answer ${nth}`, limitMs)
}

function fits(text: string): void {
  for (const line of text.split('\n')) assert.ok(line.length <= 80, line)
}

function count(text: string, pattern: RegExp): number {
  return [...text.matchAll(pattern)].length
}
