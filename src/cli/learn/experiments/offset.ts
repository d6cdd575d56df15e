/**
 * Offset: what a bookmark does after a restart of the reader, without one, when it is moved, and after a restart of the
 * broker.
 */
import { committedByPartition } from '../../group-offsets.ts'
import { offset as concept } from '../concepts/offset.ts'
import { type Check, type Lab, lesson } from '../lab.ts'
import { numberOf, type PrintedRow } from '../shell.ts'
import { numberLines } from '../typed-input.ts'

const tickets = 10
const evening = 4
const asked = 6

type OffsetLab = Lab<typeof concept>

export const offsetLesson = lesson(concept, async (lab) => {
  const crew = lab.name('workers')
  await lab.step('commit')
  const topic = await lab.createTopic('orders', 1)
  await lab.rows(['produce', topic], { input: numberLines(0, tickets - 1) })
  const first = await reads(lab, ['consume', topic, '-g', crew, '-n', String(evening)])
  const committed = await shownCommitted(lab, topic, crew)
  const next = Math.max(-1, ...first) + 1
  await lab.claim(
    'the-next-one-is-committed',
    committed === next && next > 0,
    { topic, group: crew, first, committed },
    {
      layman: `the last ticket cooked was ${next - 1}; the board says ${committed ?? 'nothing'}`,
      engineer: `the last record read has offset ${next - 1}; committed is ${committed ?? 'nothing'}`
    }
  )

  await lab.step('go-on')
  const second = await reads(lab, ['consume', topic, '-g', crew, '--exit'])
  const whole = [...first, ...second]
  const goesOn = second[0] === committed && isAll(whole)
  const different = new Set(whole).size
  const twice = whole.length - different
  await lab.claim(
    'goes-on-there',
    goesOn,
    { topic, group: crew, committed, first, second },
    {
      layman: `they began at ticket ${second[0] ?? 'none'}; on both days ${different} of ${tickets} tickets, ${twice} of them twice`,
      engineer: `it began at offset ${second[0] ?? 'none'}; both times together ${different} of ${tickets} records, ${twice} of them twice`
    }
  )

  await lab.step('no-commit')
  await withoutCommit(lab, topic)

  await lab.step('reset')
  await reset(lab, topic, crew)

  if (lab.ground.power !== undefined) {
    await lab.step('broker-restart')
    const before = await shownCommitted(lab, topic, crew)
    await lab.ground.power.stop()
    await lab.ground.power.start()
    await lab.seen(`the broker stopped, and runs again on ${lab.ground.brokers.join(', ')}`)
    await lab.scene('the building was closed, and is open again')
    const after = await shownCommitted(lab, topic, crew)
    await lab.claim(
      'survives-the-broker',
      before !== null && before === after,
      { topic, group: crew, before, after },
      {
        layman: `the board said ${before} in the evening, and ${after} in the morning`,
        engineer: `committed before: ${before}; after: ${after}`
      }
    )
  }
  return whatIsCommitted(lab, topic)
})

/** Runs a consumer to its end, and gives the offsets it read. */
async function reads(lab: OffsetLab, words: readonly string[]): Promise<number[]> {
  const offsets = (await lab.rows(words)).map(offsetOf)
  await lab.scene(offsets.length === 0 ? 'they cook nothing' : `they cook tickets ${offsets.join(', ')}`)
  return offsets
}

function offsetOf(row: PrintedRow): number {
  return numberOf(row, 'offset') ?? -1
}

function isAll(offsets: readonly number[]): boolean {
  return offsets.length === tickets && new Set(offsets).size === tickets
}

async function committedOf(lab: OffsetLab, topic: string, group: string): Promise<number | null> {
  const found = (await committedByPartition(lab.cluster, group)).get(`${topic}:0`)
  return found === undefined ? null : Number(found)
}

async function shownCommitted(lab: OffsetLab, topic: string, group: string): Promise<number | null> {
  await lab.run(['groups', 'describe', group])
  const committed = await committedOf(lab, topic, group)
  await lab.scene(`the board says: ${committed ?? 'nothing'}`)
  return committed
}

async function withoutCommit(lab: OffsetLab, topic: string): Promise<void> {
  const group = lab.name('no-commit')
  const words = ['consume', topic, '-g', group, '-n', String(evening), '--no-commit']
  const first = await reads(lab, words)
  const second = await reads(lab, words)
  const committed = await committedOf(lab, topic, group)
  const holds = committed === null && first[0] === 0 && first.join() === second.join()
  const both = `first ${first.join(', ')}; then ${second.join(', ')}`
  await lab.claim(
    'without-commit-again',
    holds,
    { topic, group, first, second, committed },
    {
      layman: `${both}; the board says ${committed ?? 'nothing'}`,
      engineer: `${both}; committed: ${committed ?? 'nothing'}`
    }
  )
}

async function reset(lab: OffsetLab, topic: string, crew: string): Promise<void> {
  const [moved] = await lab.rows(['groups', 'reset', crew, '--to', 'earliest', '--execute'])
  await lab.scene(`the board said ${numberOf(moved, 'before')}; now it says ${numberOf(moved, 'after')}`)
  const again = await reads(lab, ['consume', topic, '-g', crew, '--exit'])
  const holds = numberOf(moved, 'after') === 0 && again[0] === 0 && isAll(again)
  await lab.claim(
    'reset-reads-again',
    holds,
    { topic, group: crew, again },
    {
      layman: `${again.length} of ${tickets} tickets, from ticket ${again[0] ?? 'none'}`,
      engineer: `${again.length} of ${tickets} records, from offset ${again[0] ?? 'none'}`
    }
  )
}

/** The group reads with the first answer; then the coordinator is asked. */
function whatIsCommitted(lab: OffsetLab, topic: string): Check {
  const group = lab.name('new')
  let hasRead = false
  return {
    values: { topic, count: asked, last: asked - 1 },
    keys: 'the number',
    async check(answer) {
      if (!/^\d{1,15}$/.test(answer)) {
        const found = { layman: `"${answer}" is not a number.`, engineer: `"${answer}" is not an offset.` }
        return { right: false, found }
      }
      if (!hasRead) await reads(lab, ['consume', topic, '-g', group, '-n', String(asked)])
      hasRead = true
      const right = (await committedOf(lab, topic, group)) === Number(answer)
      const found = right
        ? { layman: `The board says ${answer}.`, engineer: `The committed offset of ${group} is ${answer}.` }
        : {
            layman: `The board says another number than ${answer}.`,
            engineer: `The committed offset of ${group} is another than ${answer}.`
          }
      return { right, found }
    }
  }
}
