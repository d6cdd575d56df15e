/**
 * Every claim of the lessons, settled a second time from what another client reads on the broker, and from the files where
 * they can be reached; nothing here comes from the lessons' own code but what they say they have measured.
 */
import assert from 'node:assert/strict'
import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import kafkaJs from 'kafkajs'
import type { BrokerReading, ReadRecord } from './broker-reading.ts'
import type { Measured } from './lessons.ts'

const { Partitioners } = kafkaJs

export interface Evidence extends BrokerReading {
  /** Where the broker's files lie, when they lie on this machine in one place. */
  readonly dataDirectory: string | null
}

type Check = (measured: Measured, evidence: Evidence) => void

const text = (measured: Measured, name: string) => String(measured[name])
const array = (measured: Measured, name: string): readonly Measured[] => {
  const value = measured[name]
  assert.ok(Array.isArray(value), `${name} is a list`)
  return value
}
const recordsOf = (evidence: Evidence, topic: unknown) => evidence.records.filter((record) => record.topic === topic)
const partitionsOf = (evidence: Evidence, topic: unknown) => evidence.partitions.filter((one) => one.topic === topic)
const place = ({ partition, offset }: ReadRecord) => `${partition}:${offset}`

const topicChecks: Record<string, Check> = {
  'first-use-makes-it': (measured, evidence) => {
    assert.equal(measured.before, 0)
    assert.equal(partitionsOf(evidence, measured.topic).length, measured.after)
  },
  'topics-do-not-mix': (measured, evidence) => {
    const { sent, found } = measured as Record<string, Record<string, string[]>>
    const orders = Object.keys(sent ?? {}).find((name) => name.endsWith('-orders'))
    const payments = Object.keys(sent ?? {}).find((name) => name.endsWith('-payments'))
    const values = (topic?: string) => recordsOf(evidence, topic).map((record) => JSON.parse(record.value ?? ''))
    const byOrder = (a: { order_id: number }, b: { order_id: number }) => a.order_id - b.order_id
    assert.deepEqual(values(orders).sort(byOrder), [
      { order_id: 123, status: 'placed' },
      { order_id: 124, status: 'placed' }
    ])
    assert.deepEqual(values(payments), [{ order_id: 123, amount: '13.50' }])
    for (const topic of [orders, payments])
      assert.deepEqual(
        found?.[topic ?? '']?.toSorted(),
        recordsOf(evidence, topic)
          .map((record) => record.value)
          .sort()
      )
  },
  'reading-keeps': (measured, evidence) => {
    const lines = recordsOf(evidence, measured.topic).map(
      (record) => `${record.topic} ${place(record)}  ${record.value}`
    )
    assert.deepEqual(measured.first, lines.toSorted())
    assert.deepEqual(measured.second, lines.toSorted())
  }
}

const brokerChecks: Record<string, Check> = {
  'one-leader-each': (measured, evidence) => {
    const leaders = Object.fromEntries(partitionsOf(evidence, measured.topic).map((one) => [one.partition, one.leader]))
    assert.deepEqual(measured.leaders, leaders)
    assert.deepEqual([...(measured.brokers as number[])].sort(), [...evidence.brokers].sort())
    for (const leader of Object.values(leaders)) assert.ok(evidence.brokers.includes(leader))
  },
  'holds-the-records': (measured, evidence) => {
    const logs = array(measured, 'logs')
    for (const { partition, leader } of partitionsOf(evidence, measured.topic)) {
      const own = logs.find((log) => log.partition === partition && log.node === leader)
      assert.ok(own && Number(own.sizeBytes) > 0, `partition ${partition}`)
      if (evidence.dataDirectory === null) continue
      assert.equal(own.sizeBytes, statSync(logFile(evidence.dataDirectory, measured.topic, partition)).size)
    }
  },
  'record-is-in-the-file': (measured) => {
    const { file, value, position } = measured
    assert.equal(readFileSync(String(file)).indexOf(String(value)), position)
    assert.ok(Number(position) > 0)
  },
  'leader-answers': (measured, evidence) => {
    const sum = partitionsOf(evidence, measured.topic).reduce((total, one) => total + one.end, 0)
    assert.equal(sum, 30)
    assert.equal(measured.sum, sum)
    for (const { partition, end } of partitionsOf(evidence, measured.topic))
      assert.equal(array(measured, 'answers').find((one) => one.partition === partition)?.end, end)
  },
  'others-refuse': (measured, evidence) => {
    const answers = array(measured, 'answers')
    assert.equal(answers.length, 3 * (evidence.brokers.length - 1))
    for (const { node, partition, errorCode } of answers) {
      assert.equal(errorCode, 6)
      const [led] = partitionsOf(evidence, measured.topic).filter((one) => one.partition === partition)
      assert.notEqual(led?.leader, node)
    }
  },
  'survives-a-restart': (measured, evidence) => {
    const lines = recordsOf(evidence, measured.topic).map((record) => `${place(record)} ${record.value}`)
    assert.equal(lines.length, 30)
    assert.deepEqual(measured.before, lines.toSorted())
    assert.deepEqual(measured.after, lines.toSorted())
  }
}

const producerChecks: Record<string, Check> = {
  'acknowledgement-names-the-place': (measured, evidence) => {
    const places = array(measured, 'places')
    assert.deepEqual(
      places.map((one) => one.acks),
      ['all', '1']
    )
    for (const { partition, offset, value } of places) {
      const found = recordsOf(evidence, measured.topic).find((one) => place(one) === `${partition}:${offset}`)
      assert.equal(found?.value, value)
    }
  },
  'no-acknowledgement-no-place': (measured, evidence) => {
    const values = recordsOf(evidence, measured.topic).map((record) => record.value)
    assert.equal(values.filter((value) => value === measured.value).length, 1)
    assert.match(text(measured, 'value'), /"acks":"0"/)
  },
  'a-batch-is-lighter': (measured, evidence) => {
    const [alone = '', together = ''] = measured.topics as string[]
    assert.deepEqual(valuesIn(evidence, alone), valuesIn(evidence, together))
    assert.equal(valuesIn(evidence, alone).length, 12)
    if (evidence.dataDirectory === null) return
    assert.deepEqual(measured.alone, batchesIn(logFile(evidence.dataDirectory, alone, 0)))
    assert.deepEqual(measured.together, batchesIn(logFile(evidence.dataDirectory, together, 0)))
    assert.deepEqual([batchesIn(logFile(evidence.dataDirectory, together, 0)).batches], [1])
  },
  'a-retry-is-stored-once': (measured, evidence) => {
    const stored = recordsOf(evidence, measured.topic).filter((one) => one.value?.includes('with a producer id'))
    assert.deepEqual(stored.map(place), [`0:${measured.first}`])
    assert.equal(measured.second, measured.first)
  },
  'a-plain-retry-is-stored-twice': (measured, evidence) => {
    const stored = recordsOf(evidence, measured.topic).filter((one) => one.value?.includes('without one'))
    assert.deepEqual(stored.map(place), [`0:${measured.first}`, `0:${measured.second}`])
  }
}

const partitionChecks: Record<string, Check> = {
  'the-key-decides': (measured, evidence) => {
    const choose = Partitioners.DefaultPartitioner()
    const partitionMetadata = partitionsOf(evidence, measured.topic).map((one) => ({
      partitionErrorCode: 0,
      partitionId: one.partition,
      leader: one.leader,
      replicas: [...one.replicas],
      isr: [...one.inSync]
    }))
    const keys = array(measured, 'keys')
    const records = recordsOf(evidence, measured.topic)
    assert.equal(records.length, keys.length)
    for (const { key, computed, partition, offset } of keys) {
      const found = records.find((record) => record.key === key)
      assert.equal(found && place(found), `${partition}:${offset}`)
      const message = { key: String(key), value: '' }
      const topic = text(measured, 'topic')
      assert.equal(choose({ topic, partitionMetadata, message }), computed, 'the partition that kafkajs computes')
      assert.equal(found?.partition, computed)
    }
  },
  'order-within': (measured, evidence) => {
    const states = ['placed', 'paid', 'cooked', 'delivered']
    const records = recordsOf(evidence, measured.topic)
    assert.equal(records.length, 12)
    for (const { partition } of partitionsOf(evidence, measured.topic)) {
      const own = records
        .filter((record) => record.partition === partition)
        .map((record) => record.value?.split('-')[1])
      assert.deepEqual(own, states)
    }
  },
  'no-order-across': (measured, evidence) => {
    const partitions = new Set(recordsOf(evidence, measured.topic).map((record) => record.partition))
    assert.equal(partitions.size, 3, 'the orders lie in different partitions, each with its own offsets from 0')
    assert.ok(Number(measured.swaps) > 0)
  }
}

const consumerChecks: Record<string, Check> = {
  'one-member-each': (measured) => {
    const assignment = Object.values(measured.assignment as Record<string, string[]>)
    assert.equal(assignment.length, 2)
    assert.equal(new Set(assignment.flat()).size, 3)
    assert.equal(assignment.flat().length, 3)
  },
  'each-record-once': (measured, evidence) => {
    const { alice = [], bob = [] } = measured.seen as Record<string, string[]>
    const stored = recordsOf(evidence, measured.topic).filter((record) => record.key !== null)
    assert.equal(stored.length, 12)
    assert.deepEqual([...alice, ...bob].sort(), stored.map(place).sort())
    const partitions = (places: readonly string[]) => new Set(places.map((one) => one.split(':')[0]))
    assert.deepEqual(
      [...partitions(alice)].filter((one) => partitions(bob).has(one)),
      []
    )
  },
  'another-group-gets-all': (measured, evidence) => {
    const stored = recordsOf(evidence, measured.topic).filter((record) => record.key !== null)
    assert.deepEqual([...(measured.seen as string[])].sort(), stored.map(place).sort())
    assert.equal(committedSum(evidence, measured), 12)
  },
  'the-rest-take-over': (measured, evidence) => {
    const stored = recordsOf(evidence, measured.topic).filter((record) => record.key === null)
    assert.deepEqual([...(measured.seen as string[])].sort(), stored.map(place).sort())
    assert.equal(committedSum(evidence, measured), 15, 'the group has committed all that there is')
  }
}

const offsetChecks: Record<string, Check> = {
  'the-next-one-is-committed': (measured, evidence) => {
    assert.deepEqual(measured.first, offsetsOf(evidence, measured).slice(0, 4))
    assert.equal(measured.committed, 4)
  },
  'goes-on-there': (measured, evidence) => {
    assert.deepEqual(measured.second, offsetsOf(evidence, measured).slice(4))
  },
  'without-commit-again': (measured, evidence) => {
    assert.deepEqual(measured.first, offsetsOf(evidence, measured).slice(0, 4))
    assert.deepEqual(measured.second, measured.first)
    assert.equal(committedSum(evidence, measured), 0)
  },
  'reset-reads-again': (measured, evidence) => {
    assert.deepEqual(measured.again, offsetsOf(evidence, measured))
    assert.equal(committedSum(evidence, measured), 10)
  },
  'survives-the-broker': (measured, evidence) => {
    assert.equal(measured.after, 10)
    assert.equal(committedSum(evidence, measured), measured.after)
  }
}

const firstOrder = (record: ReadRecord) => record.key === '123'

const replicationChecks: Record<string, Check> = {
  'copies-lie-apart': (measured, evidence) => {
    const [found] = partitionsOf(evidence, measured.topic)
    assert.equal(measured.factor, Math.min(3, evidence.brokers.length))
    assert.deepEqual([...(measured.replicas as number[])].sort(), [...(found?.replicas ?? [])].sort())
    assert.equal(new Set(found?.replicas).size, measured.factor)
  },
  'one-broker-one-copy': (measured, evidence) => {
    assert.equal(measured.brokers, evidence.brokers.length)
    assert.match(text(measured, 'refused'), /^INVALID_REPLICATION_FACTOR \(38\)/)
    assert.ok(!evidence.partitions.some((one) => one.topic.endsWith('-too-many')))
  },
  'nobody-answers': (measured) => {
    assert.equal(measured.exitCode, 3)
    assert.ok(Number(measured.tookMs) < 15_000)
  },
  'back-after-the-restart': (measured, evidence) => {
    const stored = recordsOf(evidence, measured.topic).filter(firstOrder)
    assert.deepEqual(stored.map(place), [`0:${measured.offset}`])
    assert.deepEqual(measured.found, { value: stored[0]?.value, offset: measured.offset })
  },
  'another-leads': (measured, evidence) => {
    const { before, after } = measured as Record<string, Measured>
    assert.notEqual(before?.leader, after?.leader)
    assert.ok(partitionsOf(evidence, measured.topic)[0]?.replicas.includes(Number(after?.leader)))
  },
  'in-sync-shrinks': (measured) => {
    assert.ok(!(measured.inSync as number[]).includes(Number(measured.stopped)))
    assert.ok((measured.replicas as number[]).includes(Number(measured.stopped)))
  },
  'still-read': (measured, evidence) => replicationChecks['back-after-the-restart']?.(measured, evidence),
  'still-written': (measured, evidence) => {
    const values = recordsOf(evidence, measured.topic).map((record) => record.value)
    assert.equal(values.filter((value) => value === measured.value).length, 1)
    assert.ok(Number(measured.inSync) >= Number(measured.inSyncMin))
  },
  'in-sync-grows': (measured, evidence) => {
    const [found] = partitionsOf(evidence, measured.topic)
    assert.ok(found?.inSync.includes(Number(measured.stopped)))
  }
}

/** What was aborted, and the marks of both ends, have offsets and are given to nobody who reads committed. */
const offsetsOfTwoTransactions = 4
const exactlyOnceChecks: Record<string, Check> = {
  'charged-twice': (measured, evidence) => {
    assert.equal(measured.charges, 2)
    assert.equal(recordsOf(evidence, measured.topic).length, 2)
  },
  'nothing-counts-yet': (measured) => {
    assert.deepEqual([measured.charges, measured.committed], [0, null])
  },
  'charged-once': (measured, evidence) => {
    assert.equal(recordsOf(evidence, measured.topic).length, 1)
    assert.equal(evidence.committed.get(`${text(measured, 'group')} ${text(measured, 'orders')}:0`), 1)
  },
  'who-does-not-ask-sees-both': (measured, evidence) => {
    assert.equal(measured.charges, 2)
    assert.equal(partitionsOf(evidence, measured.topic)[0]?.end, offsetsOfTwoTransactions)
  }
}

export const claimChecks: Readonly<Record<string, Record<string, Check>>> = {
  topic: topicChecks,
  broker: brokerChecks,
  producer: producerChecks,
  partition: partitionChecks,
  consumer: consumerChecks,
  offset: offsetChecks,
  'replication-factor': replicationChecks,
  'exactly-once': exactlyOnceChecks
}

function valuesIn(evidence: Evidence, topic: string): (string | null)[] {
  return recordsOf(evidence, topic).map((record) => record.value)
}

function offsetsOf(evidence: Evidence, measured: Measured): number[] {
  return recordsOf(evidence, measured.topic).map((record) => record.offset)
}

function committedSum({ committed }: Evidence, { group, topic }: Measured): number {
  const own = [...committed].filter(([name]) => name.startsWith(`${group} ${topic}:`))
  return own.reduce((sum, [, offset]) => sum + offset, 0)
}

function logFile(directory: string, topic: unknown, partition: number): string {
  return join(directory, `${topic}-${partition}`, '00000000000000000000.log')
}

/** Batches, records and bytes of a segment, from Kafka's format: an offset of 8 bytes, a length of 4, the count at 57. */
function batchesIn(file: string): { batches: number; records: number; bytes: number } {
  const bytes = readFileSync(file)
  let [batches, records, position] = [0, 0, 0]
  while (position < bytes.length) {
    records += bytes.readInt32BE(position + 57)
    position += 12 + bytes.readInt32BE(position + 8)
    batches++
  }
  return { batches, records, bytes: position }
}
