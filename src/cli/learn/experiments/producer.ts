/**
 * Producer: what an acknowledgement tells, what a batch saves, and what becomes of a batch that is sent twice.
 */
import type { RecordsBatch } from '@platformatic/kafka'
import { noSession } from '../../consume/fetch.ts'
import { counted } from '../../counted.ts'
import { producer as concept } from '../concepts/producer.ts'
import { type Check, type Lab, lesson } from '../lab.ts'
import { numberOf, textOf } from '../shell.ts'
import { templateLines } from '../typed-input.ts'

const many = 12
/** What a batch has before the part that its length counts: its first offset and that length. */
const batchHeadBytes = 12
const storedLimitMs = 10_000
const noProducer = { producerId: -1n, producerEpoch: -1 }

/** What each of them does, in the kitchen. */
const waiters = { all: 'waits until it is safe', '1': 'waits until it hangs', '0': 'does not wait' } as const

type ProducerLab = Lab<typeof concept>

export const producerLesson = lesson(concept, async (lab) => {
  await lab.step('acks')
  await acknowledgements(lab, await lab.createTopic('orders', 1))

  await lab.step('batch')
  await batches(lab)

  await lab.step('retry')
  await retries(lab)
  return nextOffset(lab)
})

async function acknowledgements(lab: ProducerLab, topic: string): Promise<void> {
  const places: {
    acks: string
    value: string
    partition: number | null
    offset: number | null
    found: string | null
  }[] = []
  for (const acks of ['all', '1', '0'] as const) {
    const value = `{"order_id":${places.length + 1},"status":"placed","acks":"${acks}"}`
    const [row] = await lab.rows(['produce', topic, value, '--acks', acks])
    const partition = numberOf(row, 'partition')
    const offset = numberOf(row, 'offset')
    await lab.scene(
      `the waiter who ${waiters[acks]}: ${offset === null ? 'no nod' : `the nod says "it hangs at number ${offset}"`}`
    )
    const found = partition === null || offset === null ? null : await valueAt(lab, topic, partition, offset)
    places.push({ acks, value, partition, offset, found })
  }
  const told = places.filter((place) => place.acks !== '0')
  const holds = told.every((place) => place.found === place.value)
  const right = told.filter((place) => place.found === place.value).length
  await lab.claim(
    'acknowledgement-names-the-place',
    holds,
    { topic, places: told },
    {
      layman: `${right} of ${told.length} tickets hang where the nod had said`,
      engineer: told
        .map(({ acks, offset, found }) => `acks=${acks}: offset ${offset} holds ${found ?? 'nothing'}`)
        .join('\n')
    }
  )
  const [silent] = places.filter((place) => place.acks === '0')
  const value = silent?.value ?? ''
  const stored = await lab.waitFor(async () => {
    const rows = await lab.rows(['consume', topic, '--exit'], { shown: 'silent' })
    return rows.some((row) => textOf(row, 'value') === value)
  }, storedLimitMs)
  await lab.claim(
    'no-acknowledgement-no-place',
    silent?.offset === null && stored,
    { topic, value, stored },
    {
      layman: `no number was named; the ticket ${stored ? 'hangs' : 'does not hang'} on the rail`,
      engineer: `acks=0: no offset; the record ${stored ? 'is' : 'is not'} in the topic`
    }
  )
}

/** What lies there once it can be read: with acks=1 that is a moment after the acknowledgement. */
async function valueAt(lab: ProducerLab, topic: string, partition: number, offset: number): Promise<string | null> {
  const words = ['consume', topic, '-P', String(partition), '--from', `${offset}:${offset + 1}`]
  let found: string | null = null
  await lab.waitFor(async () => {
    const [row] = await lab.rows(words, { shown: 'silent' })
    found = textOf(row, 'value')
    return found !== null
  }, storedLimitMs)
  return found
}

async function batches(lab: ProducerLab): Promise<void> {
  const alone = await lab.createTopic('alone', 1)
  const together = await lab.createTopic('together', 1)
  const values = Array.from({ length: many }, (_, index) => `{"order_id":${2001 + index}}`)
  for (const [index, value] of values.entries())
    await lab.rows(['produce', alone, value], { shown: index === 0 ? 'shown' : 'silent' })
  await lab.seen(`… and ${many - 1} more like it`)
  const input = templateLines(2001, 2000 + many, '{"order_id":&}')
  await lab.rows(['produce', together], { input })
  const [one, other] = [await batchesOf(lab, alone), await batchesOf(lab, together)]
  const [loose, packed] = [sizes(one), sizes(other)]
  await lab.request(
    'Fetch of both, to see the batches as they lie in the log',
    `sent alone:    ${loose.records} records in ${counted(loose.batches, 'batch', 'batches')}, ${loose.bytes} bytes`,
    `sent together: ${packed.records} records in ${counted(packed.batches, 'batch', 'batches')}, ${packed.bytes} bytes`
  )
  await lab.scene(
    `one by one:  ${loose.records} tickets, ${counted(loose.batches, 'walk')}`,
    `in one hand: ${packed.records} tickets, ${counted(packed.batches, 'walk')}`
  )
  const complete = loose.records === many && packed.records === many
  const lighter = packed.batches < loose.batches && packed.bytes < loose.bytes
  const measured = { topics: [alone, together], alone: loose, together: packed }
  await lab.claim('a-batch-is-lighter', complete && lighter, measured, {
    layman: `${Math.round(100 - (100 * packed.bytes) / loose.bytes)} % less paper in one hand`,
    engineer: `${(loose.bytes / many).toFixed(1)} bytes for each record alone, ${(packed.bytes / many).toFixed(1)} together`
  })
}

function sizes(found: readonly RecordsBatch[]) {
  return {
    batches: found.length,
    records: found.reduce((sum, batch) => sum + batch.records.length, 0),
    bytes: found.reduce((sum, batch) => sum + batch.length + batchHeadBytes, 0)
  }
}

async function batchesOf(lab: ProducerLab, topic: string): Promise<readonly RecordsBatch[]> {
  const { leader, topicId } = await onlyPartition(lab, topic)
  const partition = { partition: 0, currentLeaderEpoch: -1, fetchOffset: 0n, lastFetchedEpoch: -1 }
  const asked = [{ topicId, partitions: [{ ...partition, partitionMaxBytes: 1024 * 1024 }] }]
  const answer = await lab.cluster.answer('Fetch', leader, 500, 1, 1024 * 1024, 0, ...noSession, asked, [], '')
  return answer.responses[0]?.partitions[0]?.records ?? []
}

async function onlyPartition(lab: ProducerLab, topic: string): Promise<{ leader: number; topicId: string }> {
  const { topics } = await lab.cluster.metadata([topic], 'leave')
  const [found] = topics
  return { leader: found?.partitions[0]?.leaderId ?? -1, topicId: found?.topicId ?? '' }
}

async function retries(lab: ProducerLab): Promise<void> {
  const topic = await lab.createTopic('retries', 1)
  const { producerId, producerEpoch } = await lab.cluster.call('InitProducerId', 'any', null, 0, -1n, -1)
  await lab.request('InitProducerId: a number for this producer', `producer id ${producerId}, epoch ${producerEpoch}`)
  const numbered = await sendTwice(lab, topic, 'with a producer id', { producerId, producerEpoch })
  const once = numbered.grew === 1n && numbered.first === numbered.second && numbered.first !== null
  await lab.scene(
    `a ticket with its number on it, shown twice: the nod says ${numbered.first}, then ${numbered.second}`
  )
  await lab.claim(
    'a-retry-is-stored-once',
    once,
    { topic, producerId, ...numbered },
    {
      layman: `the rail has ${counted(numbered.grew, 'ticket')} more`,
      engineer: `acknowledged with offset ${numbered.first}, then ${numbered.second}; the log grew by ${numbered.grew}`
    }
  )
  const plain = await sendTwice(lab, topic, 'without one', noProducer)
  await lab.scene(`a ticket without one, shown twice: the nod says ${plain.first}, then ${plain.second}`)
  await lab.claim(
    'a-plain-retry-is-stored-twice',
    plain.grew === 2n,
    { topic, ...plain },
    {
      layman: `the rail has ${counted(plain.grew, 'ticket')} more`,
      engineer: `acknowledged with offset ${plain.first}, then ${plain.second}; the log grew by ${plain.grew}`
    }
  )
}

/** The very same batch in two requests, as after a lost acknowledgement. */
async function sendTwice(
  lab: ProducerLab,
  topic: string,
  how: string,
  producer: { readonly producerId: bigint; readonly producerEpoch: number }
) {
  const { leader } = await onlyPartition(lab, topic)
  const timestamp = BigInt(Date.now())
  const send = async () => {
    const record = { topic, partition: 0, timestamp, value: Buffer.from(`{"order_id":3001,"sent":"${how}"}`) }
    const answer = await lab.cluster.answer('Produce', leader, -1, lab.cluster.timeoutMs, [record], producer)
    const found = typeof answer === 'boolean' ? undefined : answer.responses[0]?.partitionResponses[0]
    const told = found?.errorCode === 0 ? `offset ${found.baseOffset}` : `error ${found?.errorCode}`
    await lab.request(`Produce, ${how}`, told)
    return found?.errorCode === 0 ? found.baseOffset : null
  }
  const before = await endOf(lab, topic)
  const first = await send()
  const second = await send()
  return { first, second, grew: (await endOf(lab, topic)) - before }
}

async function endOf(lab: ProducerLab, topic: string): Promise<bigint> {
  const [row] = await lab.rows(['topics', 'offsets', topic], { shown: 'silent' })
  return BigInt(numberOf(row, 'end') ?? -1)
}

/** The record is sent with the first answer; then the place that was named is looked at. */
function nextOffset(lab: ProducerLab): Check {
  const topic = lab.name('retries')
  const value = '{"order_id":4001,"status":"placed"}'
  let isSent = false
  return {
    values: { topic, where: lab.where },
    keys: 'the number',
    async check(answer) {
      if (!/^\d{1,15}$/.test(answer)) {
        const found = { layman: `"${answer}" is not a number.`, engineer: `"${answer}" is not an offset.` }
        return { right: false, found }
      }
      if (!isSent) await lab.rows(['produce', topic, value])
      isSent = true
      const [row] = await lab.rows(['consume', topic, '-P', '0', '--from', `${answer}:${Number(answer) + 1}`])
      const right = textOf(row, 'value') === value
      return {
        right,
        found: {
          layman: right ? `The ticket hangs at number ${answer}.` : `At number ${answer} another one hangs, or none.`,
          engineer: right
            ? `The record lies at offset ${answer}.`
            : `At offset ${answer} there is something else, or nothing.`
        }
      }
    }
  }
}
