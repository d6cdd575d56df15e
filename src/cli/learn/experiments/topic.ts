/**
 * Topic: first use makes it, two do not mix, and reading takes nothing away.
 */

import { counted } from '../../counted.ts'
import { topic as concept } from '../concepts/topic.ts'
import { type Check, type Lab, lesson } from '../lab.ts'
import { numberOf, type Outcome, type PrintedRow, textOf } from '../shell.ts'

/** Kafka's number for a broker's own configuration. */
const brokerResource = 4 as const

export const topicLesson = lesson(concept, async (lab) => {
  const orders = lab.name('orders')
  const payments = lab.name('payments')
  const firstOrder = '{"order_id":123,"status":"placed"}'

  await lab.step('first-use')
  await firstUse(lab, orders, firstOrder)

  await lab.step('two-topics')
  const secondOrder = '{"order_id":124,"status":"placed"}'
  const payment = '{"order_id":123,"amount":"13.50"}'
  await lab.rows(['produce', orders, secondOrder])
  await ensureTopic(lab, payments)
  await lab.rows(['produce', payments, payment])
  const first = await lab.rows(['consume', orders, '--exit'])
  const paid = await lab.rows(['consume', payments, '--exit'])
  await lab.scene(railLine('orders', first), railLine('payments', paid))
  const hung = { [orders]: [firstOrder, secondOrder], [payments]: [payment] }
  const found = { [orders]: valuesOf(first), [payments]: valuesOf(paid) }
  await lab.claim(
    'topics-do-not-mix',
    sameValues(hung, found),
    { sent: hung, found },
    {
      layman: `${counted(first.length, 'ticket')} for orders, ${paid.length} for payments; 3 had been hung up`,
      engineer: `${orders} has ${first.length} records, ${payments} has ${paid.length}; ${first.length + paid.length} of 3 sent`
    }
  )

  await lab.step('read-twice')
  const second = await lab.rows(['consume', orders, '--exit'])
  await lab.scene(railLine('orders', second))
  const [before, after] = [first.map(recordLine).sort(), second.map(recordLine).sort()]
  const same = before.length > 0 && before.join('\n') === after.join('\n')
  const comparison = same ? 'the same' : 'not the same'
  await lab.claim(
    'reading-keeps',
    same,
    { topic: orders, first: before, second: after },
    {
      layman: `the first cook saw ${counted(before.length, 'ticket')}, the second ${after.length}; ${comparison}`,
      engineer: `the first reader saw ${before.length} records, the second ${after.length}; ${comparison}`
    }
  )
  return lab.voice === 'layman' ? thirdReader(lab, orders) : ownTopic(lab)
})

type TopicLab = Lab<typeof concept>

async function firstUse(lab: TopicLab, orders: string, value: string): Promise<void> {
  const before = await partitionsOf(lab, orders)
  const produced = await lab.run(['produce', orders, value])
  if (produced.error) {
    const setting = await autoCreation(lab)
    await lab.claim(
      'first-use-is-refused',
      setting === 'false' && isUnknownTopic(produced),
      { topic: orders, setting },
      {
        layman: 'the first ticket was handed back',
        engineer: `auto.create.topics.enable is ${setting}; the produce was refused: ${produced.error.why ?? produced.error.message}`
      }
    )
    await lab.createTopic('orders', 1)
    await lab.rows(['produce', orders, value])
    return
  }
  await lab.run(['topics', 'describe', orders])
  const after = await partitionsOf(lab, orders)
  await lab.claim(
    'first-use-makes-it',
    before === 0 && after > 0,
    { topic: orders, before, after },
    {
      layman: `before: no rail for orders; after: ${counted(after, 'rail')} for them`,
      engineer: `before: no topic ${orders}; after: ${counted(after, 'partition')}`
    }
  )
}

/** By hand where the broker makes none. */
async function ensureTopic(lab: TopicLab, topic: string): Promise<void> {
  if ((await autoCreation(lab)) === 'false') await lab.rows(['topics', 'create', topic])
}

function isUnknownTopic({ error }: Outcome): boolean {
  return error?.why?.includes('UNKNOWN_TOPIC_OR_PARTITION') === true
}

async function partitionsOf(lab: TopicLab, topic: string): Promise<number> {
  const [found] = await lab.rows(['topics', 'list', topic], { shown: 'silent' })
  return numberOf(found, 'partitions') ?? 0
}

/** The broker's own word on whether it makes topics. */
async function autoCreation(lab: TopicLab): Promise<string> {
  const [node = 0] = lab.cluster.nodeIds
  const configurationKeys = ['auto.create.topics.enable']
  const resources = [{ resourceType: brokerResource, resourceName: String(node), configurationKeys }]
  const { results } = await lab.cluster.answer('DescribeConfigs', node, resources, false, false)
  return results[0]?.configs[0]?.value ?? 'unknown'
}

function recordLine(row: PrintedRow): string {
  return `${textOf(row, 'topic')} ${numberOf(row, 'partition')}:${numberOf(row, 'offset')}  ${textOf(row, 'value')}`
}

/** `rail "orders":  123 placed   124 placed` */
function railLine(name: string, rows: readonly PrintedRow[]): string {
  const tickets = rows.map((row) => ticketWords(textOf(row, 'value') ?? '')).join('   ')
  return `the rail "${name}":`.padEnd(24) + (tickets === '' ? 'nothing' : tickets)
}

function ticketWords(value: string): string {
  const { order_id: order, status, amount }: Record<string, unknown> = JSON.parse(value)
  return status === undefined ? `[order ${order} pays ${amount}]` : `[order ${order} ${status}]`
}

function valuesOf(rows: readonly PrintedRow[]): string[] {
  return rows.map((row) => textOf(row, 'value') ?? '')
}

function sameValues(sent: Record<string, readonly string[]>, found: Record<string, readonly string[]>): boolean {
  return Object.entries(sent).every(
    ([name, values]) => values.toSorted().join('\n') === (found[name] ?? []).toSorted().join('\n')
  )
}

/** Reads once more with the first answer, and counts. */
function thirdReader(lab: TopicLab, orders: string): Check {
  let found: number | undefined
  return {
    values: {},
    keys: 'how many',
    async check(answer) {
      found ??= (await lab.rows(['consume', orders, '--exit'])).length
      const right = /^\d+$/.test(answer) && Number(answer) === found
      const line = right ? `He finds ${counted(found, 'ticket')}.` : `It is not ${answer}.`
      return { right, found: { layman: line, engineer: line } }
    }
  }
}

function ownTopic(lab: TopicLab): Check {
  const topic = lab.name('menu')
  return {
    values: { topic, where: lab.where },
    keys: 'Enter: I have made it',
    isDeed: true,
    async check() {
      const partitions = await partitionsOf(lab, topic)
      const found =
        partitions === 0
          ? `The broker knows no topic ${topic}.`
          : `The broker has ${topic} with ${counted(partitions, 'partition')}.`
      return { right: partitions === 3, found: { layman: found, engineer: found } }
    }
  }
}
