/**
 * Replication factor: what happens to an acknowledged record when the broker that leads its partition stops. Of our own brokers
 * one is killed; of a cluster the reader stops the leader himself.
 */

import { counted } from '../../counted.ts'
import { asCalled } from '../../own-name.ts'
import type { TwoVoices, Voice } from '../concept.ts'
import { replicationFactor as concept } from '../concepts/replication-factor.ts'
import { type Check, type Lab, lesson } from '../lab.ts'
import { numberOf, numbersOf, rowsOf, textOf } from '../shell.ts'

const copiesMax = 3
const changeMs = 60_000
const value = '{"order_id":123,"status":"placed"}'
const laterValue = '{"order_id":124,"status":"placed"}'

type ReplicationLab = Lab<typeof concept>

interface Place {
  readonly leader: number
  readonly replicas: readonly number[]
  readonly inSync: readonly number[]
  readonly inSyncMin: number
}

export const replicationLesson = lesson(
  concept,
  async (lab) => {
    const { addresses } = lab.ground
    await lab.step('copies')
    const topic = await copies(lab, addresses.size)

    await lab.step('write')
    const offset = await write(lab, topic)

    await lab.step('stop')
    const [only = -1] = addresses.keys()
    if (addresses.size === 1) await aloneDown(lab, topic, offset, only)
    else await leaderDown(lab, topic, offset, addresses)
    return howMany(lab, addresses.size)
  },
  'one of several killed'
)

async function copies(lab: ReplicationLab, brokers: number): Promise<string> {
  const factor = Math.min(copiesMax, brokers)
  const topic = await lab.createTopic('orders', 1, '-r', String(factor))
  const place = await shownPlace(lab, topic, lab.ground.brokers)
  const apart = new Set(place?.replicas).size
  const inSync = place?.inSync.length ?? 0
  const asked = counted(factor, 'copy', 'copies')
  await lab.claim(
    'copies-lie-apart',
    apart === factor && inSync === factor,
    { topic, factor, ...placeRow(place) },
    {
      layman: `${asked} asked for, in ${counted(apart, 'building')}`,
      engineer: `${asked} asked for; on ${counted(apart, 'broker')}, ${inSync} in sync`
    }
  )
  const tooMany = await lab.run(['topics', 'create', lab.name('too-many'), '-r', String(brokers + 1)])
  const isRefused = tooMany.error?.why?.includes('INVALID_REPLICATION_FACTOR') === true
  const measured = { brokers, asked: brokers + 1, refused: tooMany.error?.why ?? null }
  await lab.claim('one-broker-one-copy', isRefused, measured, {
    layman: `${counted(brokers, 'building')}; ${brokers + 1} copies: ${isRefused ? 'refused' : 'not refused'}`,
    engineer: `${counted(brokers, 'broker')}; ${brokers + 1} replicas: ${tooMany.error?.why?.replace(/:.*/, '') ?? 'taken'}`
  })
  return topic
}

async function write(lab: ReplicationLab, topic: string): Promise<number> {
  const [row] = await lab.rows(['produce', topic, value, '-k', '123', '--acks', 'all'])
  await lab.scene(`the nod says: it hangs, safe, at number ${numberOf(row, 'offset')}`)
  return numberOf(row, 'offset') ?? -1
}

/** A cluster of one broker: while it is down nobody has the record; afterwards it is there. */
async function aloneDown(lab: ReplicationLab, topic: string, offset: number, broker: number): Promise<void> {
  const { brokers } = lab.ground
  const isDown = async () => (await placeOf(lab, topic, brokers)) === undefined
  if ((await lab.action(...stopRequest(lab.voice, broker), isDown)) === 'skipped') return
  await lab.step('without-it')
  const sinceMs = performance.now()
  const read = await lab.run(['consume', topic, '--exit'], { whenUnreachable: 'told' })
  const tookMs = Math.round(performance.now() - sinceMs)
  await lab.scene(read.error === undefined ? 'somebody answers' : 'nobody answers')
  const measured = { topic, exitCode: read.exitCode, error: read.error?.message ?? null, tookMs }
  await lab.claim('nobody-answers', read.error !== undefined && read.rows.length === 0, measured, {
    layman: `${counted(read.rows.length, 'ticket')} read`,
    engineer: `${read.error?.message ?? 'it answered'} (exit code ${read.exitCode}, after ${tookMs} ms)`
  })

  await lab.step('start')
  const isBack = async () => ((await placeOf(lab, topic, brokers))?.leader ?? -1) >= 0
  if ((await lab.action(...startRequest(lab.voice, broker), isBack)) === 'skipped') return
  const found = await readBack(lab, topic, brokers)
  await lab.claim(
    'back-after-the-restart',
    isTheOrder(found, offset),
    { topic, offset, found },
    foundWords(found, offset)
  )
}

/** Several brokers: another replica leads, and the record stays readable. */
async function leaderDown(
  lab: ReplicationLab,
  topic: string,
  offset: number,
  addresses: ReadonlyMap<number, string>
): Promise<void> {
  const before = await placeOf(lab, topic, [...addresses.values()])
  const stopped = before?.leader ?? -1
  const others = [...addresses].filter(([node]) => node !== stopped).map(([, address]) => address)
  const hasMoved = async () => {
    const leader = (await placeOf(lab, topic, others))?.leader ?? -1
    return leader >= 0 && leader !== stopped
  }
  if ((await ended(lab, stopped, others, hasMoved)) === 'skipped') return
  await lab.waitFor(async () => (await placeOf(lab, topic, others))?.inSync.includes(stopped) === false, changeMs)
  const after = await shownPlace(lab, topic, others)
  const leads = after !== undefined && after.leader !== stopped && before?.inSync.includes(after.leader) === true
  await lab.claim(
    'another-leads',
    leads,
    { topic, before: placeRow(before), after: placeRow(after) },
    {
      layman: `before: building ${stopped}; now: building ${after?.leader}`,
      engineer: `before: broker ${stopped}; now: broker ${after?.leader}`
    }
  )
  const shrunk = after?.inSync.includes(stopped) === false && after.replicas.includes(stopped)
  const [inSyncBefore, inSyncNow] = [before?.inSync.join(', '), after?.inSync.join(', ')]
  await lab.claim(
    'in-sync-shrinks',
    shrunk,
    { topic, stopped, ...placeRow(after) },
    {
      layman: `on the list before: ${inSyncBefore}; now: ${inSyncNow}`,
      engineer: `in sync before: ${inSyncBefore}; now: ${inSyncNow}`
    }
  )

  await lab.step('without-it')
  const found = await readBack(lab, topic, others)
  await lab.claim('still-read', isTheOrder(found, offset), { topic, offset, found }, foundWords(found, offset))
  await writeWithoutIt(lab, topic, others, after)
  await comesBack(lab, topic, stopped, others)
}

async function writeWithoutIt(
  lab: ReplicationLab,
  topic: string,
  brokers: readonly string[],
  place: Place | undefined
): Promise<void> {
  const written = await lab.run(['produce', topic, laterValue, '-k', '124', '--acks', 'all'], { brokers })
  await lab.scene(written.error === undefined ? 'the new order is taken' : 'the new order is handed back')
  const [inSync, inSyncMin] = [place?.inSync.length ?? 0, place?.inSyncMin ?? 1]
  const measured = { topic, inSync, inSyncMin, error: written.error?.why ?? null, value: laterValue }
  const evidence = {
    layman: `${counted(inSync, 'building')} on the list; the house rule asks for ${inSyncMin}`,
    engineer: `${inSync} in sync; min.insync.replicas is ${inSyncMin}; ${written.error?.why ?? 'acknowledged'}`
  }
  if (inSync >= inSyncMin) await lab.claim('still-written', written.error === undefined, measured, evidence)
  else await lab.claim('refused-below-the-minimum', written.error !== undefined, measured, evidence)
}

async function comesBack(
  lab: ReplicationLab,
  topic: string,
  stopped: number,
  others: readonly string[]
): Promise<void> {
  await lab.step('start')
  const isBack = async () => (await placeOf(lab, topic, others))?.inSync.includes(stopped) === true
  if ((await started(lab, stopped, others, isBack)) === 'skipped') return
  const place = await shownPlace(lab, topic, others)
  const back = place?.inSync.includes(stopped) === true
  const list = place?.inSync.join(', ')
  await lab.claim(
    'in-sync-grows',
    back,
    { topic, stopped, ...placeRow(place) },
    {
      layman: `on the list: ${list}`,
      engineer: `in sync: ${list}`
    }
  )
}

type Deed = (
  lab: ReplicationLab,
  broker: number,
  others: readonly string[],
  isDone: () => Promise<boolean>
) => Promise<'done' | 'skipped'>

/** Our own broker by the command that a reader would type; a cluster's by the reader. */
const ended: Deed = async (lab, broker, others, isDone) => {
  if (lab.ground.kind === 'cluster') return await lab.action(...stopRequest(lab.voice, broker), isDone)
  await lab.rows(['brokers', 'kill', String(broker)], { brokers: others })
  await lab.scene(`building ${broker} is closed`)
  await lab.waitFor(isDone, changeMs)
  return 'done'
}

const started: Deed = async (lab, broker, others, isDone) => {
  if (lab.ground.kind === 'cluster') return await lab.action(...startRequest(lab.voice, broker), isDone)
  await lab.rows(['brokers', 'start', String(broker)], { brokers: others })
  await lab.scene(`building ${broker} is open again`)
  await lab.waitFor(isDone, changeMs)
  return 'done'
}

/** What a reader has to do by hand has one name outside of the lesson, also in the layman's words. */
function stopRequest(voice: Voice, broker: number): [string, { action: string; broker: number }] {
  const how = asCalled(
    `odradek brokers kill ${broker} (of odradek serve --brokers), withkafka/exec.sh stop-broker ${broker}, or in your own way`
  )
  const texts: TwoVoices = {
    layman: `Please stop broker ${broker}, which is the building that runs the rail: ${how}. Then press Enter; we wait until the others have noticed, which takes up to half a minute.`,
    engineer: `Please stop broker ${broker}, which leads the partition: ${how}. Then press Enter; the cluster is watched until it has noticed, which takes up to half a minute.`
  }
  return [texts[voice], { action: 'stop-broker', broker }]
}

function startRequest(voice: Voice, broker: number): [string, { action: string; broker: number }] {
  const how = asCalled(`odradek brokers start ${broker}, withkafka/exec.sh start-broker ${broker}, or in your own way`)
  const texts: TwoVoices = {
    layman: `Please open the building again, which is to start broker ${broker}: ${how}. Then press Enter.`,
    engineer: `Please start broker ${broker} again: ${how}. Then press Enter.`
  }
  return [texts[voice], { action: 'start-broker', broker }]
}

/** Undefined: nobody could be asked, or the leader cannot be reached at the moment. */
async function placeOf(lab: ReplicationLab, topic: string, brokers: readonly string[]): Promise<Place | undefined> {
  const options = { brokers, shown: 'silent', whenUnreachable: 'told' } as const
  const { rows, error } = await lab.run(['topics', 'describe', topic, '--all-configs'], options)
  const [partition] = rowsOf(rows[0], 'partitions')
  if (error || !partition) return undefined
  const minimum = rowsOf(rows[0], 'configs').find((row) => textOf(row, 'setting') === 'min.insync.replicas')
  return {
    leader: numberOf(partition, 'leader') ?? -1,
    replicas: numbersOf(partition, 'replicas'),
    inSync: numbersOf(partition, 'inSync'),
    inSyncMin: Number(textOf(minimum, 'value') ?? 1)
  }
}

function placeRow(place: Place | undefined) {
  return {
    leader: place?.leader ?? null,
    replicas: place?.replicas ?? [],
    inSync: place?.inSync ?? []
  }
}

async function shownPlace(lab: ReplicationLab, topic: string, brokers: readonly string[]): Promise<Place | undefined> {
  await lab.run(['topics', 'describe', topic], { brokers })
  const place = await placeOf(lab, topic, brokers)
  if (place === undefined) await lab.scene('nobody knows')
  else await lab.scene(`building ${place.leader} runs the rail; copies in ${place.replicas.join(', ')}`)
  return place
}

type Found = { readonly value: string; readonly offset: number }

function isTheOrder(found: Found | null, offset: number): boolean {
  return found?.value === value && found.offset === offset
}

function foundWords(found: Found | null, offset: number): TwoVoices {
  const there = found === null ? 'nothing' : `${found.value} at offset ${found.offset}`
  return {
    layman: `the nod had said number ${offset}; ${found === null ? 'nothing was found' : `found at number ${found.offset}`}`,
    engineer: `acknowledged at offset ${offset}; found ${there}`
  }
}

async function readBack(lab: ReplicationLab, topic: string, brokers: readonly string[]): Promise<Found | null> {
  const { rows } = await lab.run(['consume', topic, '--exit'], { brokers })
  const [row] = rows
  if (!row) return null
  return { value: textOf(row, 'value') ?? '', offset: numberOf(row, 'offset') ?? -1 }
}

/** Makes a topic with so many copies, and tries one more. */
function howMany(lab: ReplicationLab, brokers: number): Check {
  let attempts = 0
  return {
    values: { brokers: counted(brokers, 'broker'), buildings: counted(brokers, 'building') },
    keys: 'how many',
    async check(answer) {
      if (!/^[1-9]\d{0,3}$/.test(answer))
        return { right: false, found: inBoth(`"${answer}" is not a number of copies.`) }
      attempts++
      const copiesTaken = async (count: number) => {
        const words = ['topics', 'create', lab.name(`copies${attempts}-${count}`), '-r', String(count)]
        return (await lab.run(words)).error === undefined
      }
      const [taken, oneMore] = [await copiesTaken(Number(answer)), await copiesTaken(Number(answer) + 1)]
      const found = `${answer}: ${taken ? 'taken' : 'refused'}; ${Number(answer) + 1}: ${oneMore ? 'taken' : 'refused'}.`
      return { right: taken && !oneMore, found: inBoth(found) }
    }
  }
}

function inBoth(text: string): TwoVoices {
  return { layman: text, engineer: text }
}
