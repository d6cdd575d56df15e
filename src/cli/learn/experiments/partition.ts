/**
 * Partition: which one a key goes to and why, and what order there is.
 */
import { randomInt } from 'node:crypto'
import { counted } from '../../counted.ts'
import type { TwoVoices } from '../concept.ts'
import { partition as concept } from '../concepts/partition.ts'
import { type Check, type Lab, lesson } from '../lab.ts'
import { murmur2Steps, remainderLine } from '../murmur2-steps.ts'
import { numberOf, type PrintedRow, textOf } from '../shell.ts'
import { interleavedLines, wordLines } from '../typed-input.ts'

const partitions = 3
const keyCount = 12
/** How the records are printed: what matters here, and nothing else. */
const placed = '%p:%o  %v\\n'

type PartitionLab = Lab<typeof concept>

export const partitionLesson = lesson(concept, async (lab) => {
  const keys = Array.from({ length: keyCount }, (_, index) => String(1001 + index))
  await lab.step('arithmetic')
  await showArithmetic(lab, '1001')
  await lab.seen('')
  await showArithmetic(lab, 'alice')
  await lab.scene(...['1001', '1003', 'alice'].map(ruleInWords))

  await lab.step('where-they-are')
  const topic = await lab.createTopic('orders', partitions)
  await compareKeys(lab, topic, [...keys, 'alice'])

  await lab.step('order')
  await compareOrder(lab)
  return lab.voice === 'layman' ? await whereIsItPaid(lab, topic) : whereDoesItGo(lab, topic)
})

async function showArithmetic(lab: PartitionLab, key: string): Promise<void> {
  const { hash, lines } = murmur2Steps(key)
  await lab.seen(...lines, remainderLine(hash, partitions), `so "${key}" goes to partition ${hash % partitions}`)
}

/** What a layman wants to see of the hash: a name goes in, a rail comes out, and it is the same one each time. */
function ruleInWords(key: string): string {
  const whose = key === 'alice' ? key : `order ${key}`
  const [first, again] = [railOf(key), railOf(key)]
  return `${whose.padEnd(11)} the rule says rail ${first}; asked again: rail ${again}`
}

function railOf(key: string): number {
  return murmur2Steps(key).hash % partitions
}

async function compareKeys(lab: PartitionLab, topic: string, keys: readonly string[]): Promise<void> {
  await lab.rows(['produce', topic, '-K', ':'], { input: wordLines(keys, '&:{"key":"&"}') })
  const rows = await lab.rows(['consume', topic, '--exit', '-f', placed])
  const found = keys.map((key) => {
    const { hash } = murmur2Steps(key)
    const row = rows.find((one) => textOf(one, 'key') === key)
    const place = { partition: numberOf(row, 'partition'), offset: numberOf(row, 'offset') }
    return { key, hash, computed: hash % partitions, ...place }
  })
  await lab.scene(
    ...found.map(
      ({ key, computed, partition }) => `${key.padEnd(6)} by the rule: rail ${computed}   found: rail ${partition}`
    )
  )
  await lab.seen(
    'key    hash        modulo 3  the broker has it in',
    ...found.map(
      ({ key, hash, computed, partition, offset }) =>
        `${key.padEnd(6)} ${String(hash).padStart(10)}  ${String(computed).padEnd(9)} partition ${partition}, offset ${offset}`
    )
  )
  const right = found.filter((one) => one.computed === one.partition).length
  await lab.claim(
    'the-key-decides',
    right === keys.length,
    { topic, partitions, keys: found },
    {
      layman: `${right} of ${keys.length} tickets hang where the rule had said`,
      engineer: `${right} of ${keys.length} keys are where the sum said`
    }
  )
}

/** Three orders whose keys go to as many different partitions as there are among the first few. */
function keysApart(): string[] {
  const byPartition = new Map<number, string>()
  for (let orderId = 2001; byPartition.size < partitions; orderId++) {
    const key = String(orderId)
    const where = railOf(key)
    if (!byPartition.has(where)) byPartition.set(where, key)
  }
  return [...byPartition.values()]
}

async function compareOrder(lab: PartitionLab): Promise<void> {
  const topic = await lab.createTopic('events', partitions)
  const input = interleavedLines(keysApart(), ['placed', 'paid', 'cooked', 'delivered'])
  const sent = input.text
    .trimEnd()
    .split('\n')
    .map((line) => line.slice(line.indexOf(':') + 1))
  await lab.rows(['produce', topic, '-K', ':'], { input })
  const rows = await lab.rows(['consume', topic, '--exit', '-f', placed])
  const read = rows.map((row) => ({
    partition: numberOf(row, 'partition') ?? -1,
    offset: numberOf(row, 'offset') ?? -1,
    event: textOf(row, 'value') ?? '',
    sentAs: sent.indexOf(textOf(row, 'value') ?? '')
  }))
  await lab.scene(`hung up: ${sent.map(inWords).slice(0, 4).join(', ')}, …`)
  for (let rail = 0; rail < partitions; rail++) {
    const own = read.filter((one) => one.partition === rail).map((one) => inWords(one.event))
    await lab.scene(`rail ${rail}:  ${own.join(', ') || 'nothing'}`)
  }
  const complete = read.length === sent.length && read.every((one) => one.sentAs >= 0)
  const within = Array.from({ length: partitions }, (_, index) => read.filter((one) => one.partition === index))
  const inOrder = within.every((own) => isRising(own.toSorted((a, b) => a.offset - b.offset).map((one) => one.sentAs)))
  const used = within.filter((own) => own.length > 0).length
  await lab.claim(
    'order-within',
    complete && inOrder,
    { topic, read },
    {
      layman: `${read.length} tickets on ${counted(used, 'rail')}`,
      engineer: `${read.length} records in ${counted(used, 'partition')}`
    }
  )
  const swaps = read.slice(1).filter((one, index) => one.sentAs < (read[index]?.sentAs ?? 0)).length
  await lab.claim(
    'no-order-across',
    swaps > 0,
    { topic, swaps },
    {
      layman: `read all together, a ticket came before an older one in ${counted(swaps, 'place')}`,
      engineer: `in the order they were read, a record came before an older one in ${counted(swaps, 'place')}`
    }
  )
}

/** `2001-placed` as `2001 placed`. */
function inWords(event: string): string {
  return event.replace('-', ' ')
}

function isRising(numbers: readonly number[]): boolean {
  return numbers.every((number, index) => index === 0 || number > (numbers[index - 1] ?? 0))
}

/** The record is sent with the first answer; then the partition that was named is looked through. */
function whereDoesItGo(lab: PartitionLab, topic: string): Check {
  const key = String(randomInt(5000, 9999))
  let isSent = false
  return {
    values: { partitions, key, hash: murmur2Steps(key).hash },
    keys: `0 to ${partitions - 1}`,
    async check(answer) {
      if (!/^\d$/.test(answer) || Number(answer) >= partitions) {
        return inBoth(false, `"${answer}" is none of the partitions 0 to ${partitions - 1}.`)
      }
      if (!isSent) await lab.rows(['produce', topic, `{"order_id":${key}}`, '-k', key])
      isSent = true
      const right = (await recordsOf(lab, topic, key, answer)).length > 0
      return inBoth(right, `Partition ${answer} has ${right ? 'the' : 'no'} record with the key "${key}".`)
    }
  }
}

/** Without arithmetic: the first ticket of an order shows where its second one will hang. */
async function whereIsItPaid(lab: PartitionLab, topic: string): Promise<Check> {
  const key = String(randomInt(5000, 9999))
  await lab.rows(['produce', topic, `${key}-placed`, '-k', key])
  const [hung] = await lab.rows(['consume', topic, '--filter-key', key, '--exit'])
  let isSent = false
  return {
    values: { partitions, key, rail: numberOf(hung, 'partition') ?? 'none' },
    keys: `0 to ${partitions - 1}`,
    async check(answer) {
      if (!/^\d$/.test(answer) || Number(answer) >= partitions) {
        return inBoth(false, `"${answer}" is none of the rails 0 to ${partitions - 1}.`)
      }
      if (!isSent) await lab.rows(['produce', topic, `${key}-paid`, '-k', key])
      isSent = true
      const found = await recordsOf(lab, topic, key, answer)
      const right = found.some((row) => textOf(row, 'value') === `${key}-paid`)
      const words = right ? 'the ticket "paid" of order' : 'there is no ticket "paid" of order'
      return inBoth(right, `On rail ${answer} ${words} ${key}${right ? ' hangs, behind "placed"' : ''}.`)
    }
  }
}

function recordsOf(lab: PartitionLab, topic: string, key: string, rail: string): Promise<readonly PrintedRow[]> {
  return lab.rows(['consume', topic, '-P', rail, '--filter-key', key, '--exit'])
}

/** Each question is asked in one voice, which is the only one that hears its answer. */
function inBoth(right: boolean, text: string): { readonly right: boolean; readonly found: TwoVoices } {
  return { right, found: { layman: text, engineer: text } }
}
