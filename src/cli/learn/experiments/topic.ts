/**
 * Topic: first use makes it, two do not mix, and reading takes nothing away.
 */
import { topic as concept } from '../concepts/topic.ts'
import { type Lab, lesson } from '../lab.ts'
import { counted } from '../layout.ts'
import { numberOf, type Outcome, type PrintedRow, rowsOf, textOf } from '../shell.ts'

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
  await lab.seen(...first.map(recordLine))
  const paid = await lab.rows(['consume', payments, '--exit'])
  await lab.seen(...paid.map(recordLine))
  const hung = { [orders]: [firstOrder, secondOrder], [payments]: [payment] }
  const found = { [orders]: valuesOf(first), [payments]: valuesOf(paid) }
  await lab.claim('topics-do-not-mix', sameValues(hung, found), { sent: hung, found }, [
    `${orders} has ${first.length} records, ${payments} has ${paid.length}; ${first.length + paid.length} of 3 sent`
  ])

  await lab.step('read-twice')
  const second = await lab.rows(['consume', orders, '--exit'])
  await lab.seen(...second.map(recordLine))
  const [before, after] = [first.map(recordLine).sort(), second.map(recordLine).sort()]
  const same = before.length > 0 && before.join('\n') === after.join('\n')
  await lab.claim('reading-keeps', same, { topic: orders, first: before, second: after }, [
    `the first reader saw ${before.length} records, the second ${after.length}; ${same ? 'the same' : 'not the same'}`
  ])
  return ownTopic(lab)
})

type TopicLab = Lab<typeof concept>

async function firstUse(lab: TopicLab, orders: string, value: string): Promise<void> {
  const before = await partitionsOf(lab, orders)
  const produced = await lab.run(['produce', orders, value])
  if (produced.error) {
    await lab.seen(...[produced.error.message, produced.error.why ?? ''].filter((line) => line !== ''))
    const setting = await autoCreation(lab)
    await lab.claim(
      'first-use-is-refused',
      setting === 'false' && isUnknownTopic(produced),
      { topic: orders, setting },
      [
        `auto.create.topics.enable is ${setting}; the produce was refused: ${produced.error.why ?? produced.error.message}`
      ]
    )
    await lab.createTopic('orders', 1)
    await lab.rows(['produce', orders, value])
    return
  }
  await lab.seen(...produced.rows.map(placeLine))
  const described = await lab.rows(['topics', 'describe', orders])
  const after = rowsOf(described[0], 'partitions').length
  await lab.claim('first-use-makes-it', before === 0 && after > 0, { topic: orders, before, after }, [
    `before: no topic ${orders}; after: ${counted(after, 'partition')}`
  ])
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

function placeLine(row: PrintedRow): string {
  return `partition ${numberOf(row, 'partition')}, offset ${numberOf(row, 'offset')}`
}

function valuesOf(rows: readonly PrintedRow[]): string[] {
  return rows.map((row) => textOf(row, 'value') ?? '')
}

function sameValues(sent: Record<string, readonly string[]>, found: Record<string, readonly string[]>): boolean {
  return Object.entries(sent).every(
    ([name, values]) => values.toSorted().join('\n') === (found[name] ?? []).toSorted().join('\n')
  )
}

function ownTopic(lab: TopicLab) {
  const topic = lab.name('menu')
  return {
    values: { topic, where: lab.where },
    keys: 'Enter: I have made it',
    async check() {
      const partitions = await partitionsOf(lab, topic)
      const found =
        partitions === 0
          ? `The broker knows no topic ${topic}.`
          : `The broker has ${topic} with ${counted(partitions, 'partition')}.`
      return { right: partitions === 3, found }
    }
  }
}
