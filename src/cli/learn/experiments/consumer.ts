/**
 * Consumer: what two of one group see, what another group sees, and what happens when one leaves.
 */
import { consumer as concept } from '../concepts/consumer.ts'
import { type Check, type Lab, lesson, type Running } from '../lab.ts'
import { numberOf, type PrintedRow, rowsOf, textOf, textsOf } from '../shell.ts'
import { templateLines } from '../typed-input.ts'

const partitions = 3
const orders = 12
const manyMembers = 5
/** A group settles within a few heartbeats; a busy machine takes longer. */
const settleMs = 60_000
const arriveMs = 30_000

type ConsumerLab = Lab<typeof concept>
/** By the client id of the member: its partitions, as `topic:partition`. */
type Assignment = ReadonlyMap<string, readonly string[]>

export const consumerLesson = lesson(concept, async (lab) => {
  await lab.step('join')
  const topic = await lab.createTopic('orders', partitions)
  const crew = lab.name('workers')
  const alice = await joins(lab, topic, crew, 'alice')
  const bob = await joins(lab, topic, crew, 'bob')
  try {
    const assignment = await shownAssignment(lab, crew, [alice, bob])
    await lab.step('share')
    await share(lab, topic, assignment, { alice, bob })

    await lab.step('another-group')
    await anotherGroup(lab, topic)

    await lab.step('leave')
    await alice.stop()
    await takeOver(lab, topic, crew, bob)
  } finally {
    await Promise.all([alice.stop(), bob.stop()])
  }
  return tooMany(lab, topic)
})

async function joins(lab: ConsumerLab, topic: string, group: string, name: string): Promise<Running> {
  return await lab.start(['consume', topic, '-g', group, '-X', `client.id=${name}`])
}

async function shownAssignment(lab: ConsumerLab, crew: string, members: readonly Running[]): Promise<Assignment> {
  const settled = await waitForMembers(lab, crew, members)
  await lab.run(['groups', 'describe', crew])
  await lab.scene(...[...settled].map(hasInWords))
  const given = [...settled.values()].flat()
  const holds =
    settled.size === members.length &&
    given.length === partitions &&
    new Set(given).size === partitions &&
    [...settled.values()].every((own) => own.length > 0)
  await lab.claim(
    'one-member-each',
    holds,
    { group: crew, assignment: Object.fromEntries(settled) },
    {
      layman: `${given.length} of ${partitions} rails have a cook; there are ${settled.size} cooks`,
      engineer: `${given.length} of ${partitions} partitions are assigned, to ${settled.size} members`
    }
  )
  return settled
}

/** What the coordinator says once the group is stable with so many members; after the limit, whatever it says then. */
async function waitForMembers(lab: ConsumerLab, group: string, members: readonly Running[]): Promise<Assignment> {
  let found = new Map<string, readonly string[]>()
  await lab.waitFor(async () => {
    for (const { failure } of members) if (failure) throw failure
    const { rows } = await lab.run(['groups', 'describe', group], { shown: 'silent' })
    const own = rowsOf(rows[0], 'members')
    found = new Map(own.map((member) => [textOf(member, 'clientId') ?? '', textsOf(member, 'partitions')]))
    const assigned = [...found.values()].flat().length
    return textOf(rows[0], 'state') === 'Stable' && own.length === members.length && assigned === partitions
  }, settleMs)
  return new Map([...found].sort(([a], [b]) => (a < b ? -1 : 1)))
}

function partitionOf(name: string): string {
  return `partition ${name.slice(name.lastIndexOf(':') + 1)}`
}

/** `Alice has rail 0 and rail 2` */
function hasInWords([member, own]: readonly [string, readonly string[]]): string {
  const rails = own.map((name) => partitionOf(name).replace('partition', 'rail'))
  return `${named(member)} has ${rails.join(' and ') || 'nothing to do'}`
}

function named(member: string): string {
  return `${member.charAt(0).toUpperCase()}${member.slice(1)}`
}

async function share(
  lab: ConsumerLab,
  topic: string,
  assignment: Assignment,
  crew: Readonly<Record<string, Running>>
): Promise<void> {
  await lab.rows(['produce', topic, '-K', ':'], { input: templateLines(1001, 1000 + orders, '&:{"order_id":&}') })
  const received = () => Object.values(crew).reduce((sum, member) => sum + member.rows.length, 0)
  await lab.waitFor(async () => received() >= orders, arriveMs)
  const seen = Object.fromEntries(Object.entries(crew).map(([name, member]) => [name, member.rows.map(place)]))
  for (const [name, member] of Object.entries(crew)) {
    await lab.seen(`${name} got:`, ...member.rows.map((row) => `  ${place(row)}  key ${textOf(row, 'key')}`))
    await lab.scene(`${named(name)} cooks ${member.rows.map((row) => textOf(row, 'key')).join(', ')}`)
  }
  const all = Object.values(crew).flatMap((member) => member.rows.map((row) => textOf(row, 'key')))
  const ownOnly = Object.entries(crew).every(([name, member]) =>
    member.rows.every((row) => assignment.get(name)?.includes(`${topic}:${numberOf(row, 'partition')}`))
  )
  const once = all.length === orders && new Set(all).size === orders
  const shares = (got: string, name: (member: string) => string) =>
    Object.entries(seen)
      .map(([member, places]) => `${name(member)} ${got} ${places.length}`)
      .join(', ')
  await lab.claim(
    'each-record-once',
    once && ownOnly,
    { topic, seen },
    {
      layman: `${shares('cooked', named)}; ${new Set(all).size} different orders of ${orders}`,
      engineer: `${shares('got', String)}; ${new Set(all).size} different ones of ${orders}`
    }
  )
}

function place(row: PrintedRow): string {
  return `${numberOf(row, 'partition')}:${numberOf(row, 'offset')}`
}

async function anotherGroup(lab: ConsumerLab, topic: string): Promise<void> {
  const group = lab.name('audit')
  const rows = await lab.rows(['consume', topic, '-g', group, '--exit'])
  const seen = rows.map(place)
  await lab.scene(`the accountants read ${seen.length} tickets`)
  const holds = seen.length === orders && new Set(seen).size === orders
  const different = new Set(seen).size
  await lab.claim(
    'another-group-gets-all',
    holds,
    { topic, group, seen },
    {
      layman: `${different} of ${orders} tickets, all of which had been cooked before`,
      engineer: `${different} of ${orders} records, which the first group had read before`
    }
  )
}

async function takeOver(lab: ConsumerLab, topic: string, crew: string, bob: Running): Promise<void> {
  const assignment = await waitForMembers(lab, crew, [bob])
  await lab.run(['groups', 'describe', crew])
  await lab.scene(...[...assignment].map(hasInWords))
  const before = bob.rows.length
  for (let partition = 0; partition < partitions; partition++)
    await lab.rows(['produce', topic, `{"for":"partition ${partition}"}`, '-P', String(partition)])
  await bob.until(before + partitions, arriveMs)
  const seen = bob.rows.slice(before).map(place)
  await lab.seen('bob got:', ...bob.rows.slice(before).map((row) => `  ${place(row)}  ${textOf(row, 'value')}`))
  await lab.scene(`Bob cooks ${seen.length} more`)
  const parts = new Set(seen.map((one) => one.split(':')[0]))
  const own = assignment.get('bob') ?? []
  const holds = own.length === partitions && parts.size === partitions && seen.length === partitions
  await lab.claim(
    'the-rest-take-over',
    holds,
    { topic, group: crew, assignment: Object.fromEntries(assignment), seen },
    {
      layman: `Bob has ${own.length} of ${partitions} rails, and cooked ${seen.length} of ${partitions} new orders`,
      engineer: `bob has ${own.length} of ${partitions} partitions, and got ${seen.length} of ${partitions} new records`
    }
  )
}

/** Lets them join, and counts those whom the coordinator gave nothing. */
function tooMany(lab: ConsumerLab, topic: string): Check {
  let attempts = 0
  return {
    values: { topic, members: manyMembers },
    keys: 'how many',
    async check(answer) {
      const group = lab.name(`crowd${++attempts}`)
      const members = await Promise.all(
        Array.from({ length: manyMembers }, (_, index) => joins(lab, topic, group, `member-${index + 1}`))
      )
      try {
        const assignment = await waitForMembers(lab, group, members)
        await lab.run(['groups', 'describe', group])
        await lab.scene(...[...assignment].map((one) => hasInWords(one).replace('Member-', 'Cook ')))
        const idle = [...assignment.values()].filter((own) => own.length === 0).length
        const right = assignment.size === manyMembers && /^\d+$/.test(answer) && Number(answer) === idle
        return {
          right,
          found: {
            layman: `${idle} of ${assignment.size} cooks have nothing to do; you said ${answer}.`,
            engineer: `${idle} of ${assignment.size} members have no partition; you said ${answer}.`
          }
        }
      } finally {
        await Promise.all(members.map((member) => member.stop()))
      }
    }
  }
}
