/** `odradek trace`: the decisions by themselves. That its claims are true is shown in test/conformance/seed/trace.test.ts. */

import assert from 'node:assert/strict'
import { cpSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { Flags } from '../../src/cli/command.ts'
import { createStyle } from '../../src/cli/terminal.ts'
import { trace as command } from '../../src/cli/trace/command.ts'
import { lookIn } from '../../src/cli/trace/copies.ts'
import { searchOrder, windowsBackwards } from '../../src/cli/trace/find-key.ts'
import { outsideOf } from '../../src/cli/trace/find-record.ts'
import { judge } from '../../src/cli/trace/group-progress.ts'
import { crc32Partition, explainPartition } from '../../src/cli/trace/partitioning.ts'
import { parsePlace, readPlan } from '../../src/cli/trace/plan.ts'
import { formatStory, traceFields, wrap } from '../../src/cli/trace/print.ts'
import { readableKey, readableValue } from '../../src/cli/trace/readable.ts'
import { indexedPosition, locateBatch, segmentOf } from '../../src/cli/trace/segment-file.ts'
import type { Trace } from '../../src/cli/trace/trace.ts'
import { readBatchHeader } from '../../src/protocol/records/batch.ts'
import { temporaryDirectory } from '../harness/paths.ts'
import * as fc from '../harness/properties.ts'
import { recordBatch } from '../harness/record-batch.ts'

const message: Trace = {
  topic: 'orders',
  topicId: '6aa79659-9615-44c1-a45c-0d201d10aea4',
  partition: 1,
  offset: 43n,
  timestampMs: Date.UTC(2026, 10, 24, 10, 30),
  timestampType: 'CreateTime',
  key: Buffer.from('k7'),
  value: Buffer.from('{"orderId":7}'),
  headerCount: 0,
  producer: { id: 1002n, epoch: 0, sequence: 17 },
  batch: {
    firstOffset: 40n,
    lastOffset: 44n,
    records: 5,
    index: 3,
    sizeBytes: 312,
    compression: 'gzip',
    crc: 1,
    leaderEpoch: 2,
    transaction: null
  },
  partitioning: explainPartition(Buffer.from('k7'), 1, 3),
  log: { startOffset: 0n, highWatermark: 50n, lastStableOffset: 50n, visibleTo: 'all' },
  copies: [
    {
      node: 1,
      role: 'leader',
      inSync: true,
      directory: '/data/1',
      sizeBytes: 900n,
      behind: 0n,
      file: { path: '/data/1/orders-1/00000000000000000000.log', position: 588, sizeBytes: 312 },
      note: null
    },
    {
      node: 2,
      role: 'follower',
      inSync: false,
      directory: null,
      sizeBytes: null,
      behind: null,
      file: null,
      note: 'this broker is not in the cluster now'
    }
  ],
  groups: []
}
const listed = { group: 'kitchen', type: 'classic', state: 'Stable' }
const member = { id: 'm-1', instanceId: null, epoch: null, clientId: 'c', host: '127.0.0.1', assignment: [] }
const storyOf = (trace: Trace) => formatStory(trace, createStyle('plain'))

suite('odradek trace', () => {
  suite('what was asked for', () => {
    const planOf = (values: Record<string, unknown>) => readPlan({ args: ['orders'], flags: new Flags(values) })

    test('a message is named by its key or by its place, not by both and not by neither', () => {
      assert.deepEqual(planOf({ key: '42' }).message, { by: 'key', key: Buffer.from('42') })
      assert.deepEqual(planOf({ offset: '2:17' }).message, { by: 'offset', partition: 2, offset: 17n })
      for (const values of [{}, { key: '42', offset: '0:1' }])
        assert.throws(() => planOf(values), { exitCode: 2 }, JSON.stringify(values))
    })

    test('a place that cannot be is wrong usage', () => {
      for (const text of ['17', '0:', ':1', '0:-1', '-1:0', '0:1.5', '0:9223372036854775808', 'orders:0:1', ''])
        assert.throws(() => parsePlace(text), { exitCode: 2 }, text)
      assert.deepEqual(parsePlace('0:9223372036854775807'), { by: 'offset', partition: 0, offset: 2n ** 63n - 1n })
    })
  })

  suite('the partition', () => {
    test('it is explained by the hash exactly when the hash gives it', () => {
      fc.assert(
        fc.property(fc.uint8Array(), fc.integer({ min: 2, max: 50 }), fc.nat(49), (bytes, partitions, at) => {
          const found = explainPartition(Buffer.from(bytes), at % partitions, partitions)
          assert.equal(found.explanation === 'the hash of the key', found.hashedPartition === at % partitions)
          const { murmur2 } = found
          assert.equal(((murmur2 ?? 0) & 0x7fffffff) % partitions, found.hashedPartition)
        })
      )
    })

    test('without a key, or without a choice, the hash explains nothing', () => {
      assert.equal(explainPartition(null, 1, 3).explanation, 'no key')
      assert.equal(explainPartition(null, 0, 1).explanation, 'the only partition')
      assert.equal(explainPartition(Buffer.from('a'), 0, 1).explanation, 'the only partition')
    })

    test('a client of the librdkafka family is recognized by its CRC-32', () => {
      const key = Buffer.from('order-42')
      const partitions = 97
      const found = explainPartition(key, crc32Partition(key, partitions) ?? -1, partitions)
      assert.equal(found.explanation, 'the CRC-32 of the key')
      assert.equal(crc32Partition(Buffer.alloc(0), partitions), undefined)
    })

    test('a topic that was enlarged: the counts are told under which the hash gives the partition', () => {
      const key = Buffer.from('k7')
      const before = explainPartition(key, 0, 2).hashedPartition ?? -1
      const { fittingCounts, explanation } = explainPartition(key, before, 7)
      assert.notEqual(explanation, 'the hash of the key')
      assert.ok(fittingCounts.includes(2))
      for (const count of fittingCounts) assert.equal(explainPartition(key, before, count).hashedPartition, before)
    })
  })

  suite('the search for a key', () => {
    test('each partition is looked through once, the one of the hash first', () => {
      fc.assert(
        fc.property(fc.uint8Array(), fc.integer({ min: 1, max: 40 }), (bytes, partitions) => {
          const key = Buffer.from(bytes)
          const order = searchOrder(key, partitions)
          assert.equal(order[0], explainPartition(key, 0, partitions).hashedPartition)
          assert.deepEqual(
            [...order].sort((a, b) => a - b),
            Array.from({ length: partitions }, (_, index) => index)
          )
        })
      )
    })

    test('the windows lie end to end, from the end to the start, each at most twice as wide', () => {
      fc.assert(
        fc.property(fc.bigInt(0n, 5000n), fc.bigInt(0n, 100_000n), (start, length) => {
          const windows = [...windowsBackwards({ start, end: start + length }, 16n)]
          let upper = start + length
          let widest = 16n
          for (const window of windows) {
            assert.equal(window.end, upper)
            assert.ok(window.start < window.end && window.end - window.start <= widest)
            upper = window.start
            widest *= 2n
          }
          assert.equal(upper, start)
        })
      )
    })
  })

  suite('the file', () => {
    const batchAt = (offset: bigint, size: number) => {
      const batch = recordBatch([Buffer.alloc(size)])
      batch.writeBigInt64BE(offset)
      return batch
    }

    test('the segment that holds an offset is the last that does not begin behind it', () => {
      const names = ['00000000000000000000.log', '00000000000000000100.log', '00000000000000000100.index', 'x.log']
      assert.equal(segmentOf(names, 99n), '00000000000000000000')
      assert.equal(segmentOf(names, 100n), '00000000000000000100')
      assert.equal(segmentOf(['00000000000000000100.log'], 99n), undefined)
    })

    test('the index gives the last entry at or below an offset, also when it ends in zeros', () => {
      const entries = fc.uniqueArray(fc.integer({ min: 1, max: 1000 }), { maxLength: 60 })
      fc.assert(
        fc.property(entries, fc.nat(1000), fc.nat(5), (offsets, sought, unused) => {
          const sorted = offsets.sort((a, b) => a - b)
          const index = Buffer.alloc((sorted.length + unused) * 8)
          for (const [at, offset] of sorted.entries()) {
            index.writeUInt32BE(offset, at * 8)
            index.writeUInt32BE(offset * 10, at * 8 + 4)
          }
          const last = sorted.filter((offset) => offset <= sought).at(-1)
          assert.equal(indexedPosition(index, BigInt(sought)), last === undefined ? 0 : last * 10)
        })
      )
    })

    test('a batch is found at its byte, with an index, without one, and with one that misleads', async () => {
      using directory = temporaryDirectory('trace')
      const sizes = Array.from({ length: 300 }, (_, at) => 10 + ((at * 7919) % 3000))
      const batches = sizes.map((size, at) => batchAt(BigInt(100 + at), size))
      const log = Buffer.concat(batches)
      const positions = sizes.map((_, at) => Buffer.concat(batches.slice(0, at)).length)
      writeFileSync(join(directory.path, '00000000000000000100.log'), log)
      const right = Buffer.alloc(16)
      right.writeUInt32BE(150, 0)
      right.writeUInt32BE(positions[150] ?? 0, 4)
      const misleading = Buffer.alloc(8)
      misleading.writeUInt32BE(1, 0)
      misleading.writeUInt32BE(77, 4)
      for (const index of [undefined, right, misleading]) {
        if (index) writeFileSync(join(directory.path, '00000000000000000100.index'), index)
        for (const at of [0, 1, 149, 150, 151, 299]) {
          const found = await locateBatch(directory.path, BigInt(100 + at))
          assert.equal(found?.position, positions[at])
          assert.equal(found?.sizeBytes, batches[at]?.length)
          assert.equal(found?.crc, readBatchHeader(log, positions[at]).crc)
        }
        assert.equal(await locateBatch(directory.path, 400n), undefined)
        assert.equal(await locateBatch(directory.path, 99n), undefined)
      }
    })

    test('a directory of another topic, another batch, or none at all is told, not taken', async () => {
      using directory = temporaryDirectory('trace')
      const batch = batchAt(0n, 10)
      const place = join(directory.path, 'orders-0')
      mkdirSync(place)
      writeFileSync(join(place, '00000000000000000000.log'), batch)
      const id = '6aa79659-9615-44c1-a45c-0d201d10aea4'
      const sought = { topic: 'orders', partition: 0, topicId: id, firstOffset: 0n, crc: readBatchHeader(batch).crc }
      const noteOf = async (changes: Partial<typeof sought>) =>
        (await lookIn(directory.path, { ...sought, ...changes })).note ?? ''
      assert.equal((await lookIn(directory.path, sought)).file?.position, 0)
      assert.match(await noteOf({ crc: 1 }), /not the one that the broker sent/)
      assert.match(await noteOf({ firstOffset: 5n }), /no segment in .* has a batch that begins at 5/)
      assert.match(await noteOf({ partition: 9 }), /cannot be read on this machine \(ENOENT\): segment unknown/)
      writeFileSync(join(place, 'partition.metadata'), 'version: 0\ntopic_id: aqeWWZYVRMGkXA0gHRCupA\n')
      assert.equal((await lookIn(directory.path, sought)).file?.position, 0)
      cpSync(place, join(directory.path, 'orders-1'), { recursive: true })
      writeFileSync(join(place, 'partition.metadata'), 'version: 0\ntopic_id: AAAAAAAAAAAAAAAAAAAAAA\n')
      assert.match(await noteOf({}), /is that of another topic \(id AAAAAAAAAAAAAAAAAAAAAA\)/)
    })
  })

  suite('the groups', () => {
    const judged = (committed: bigint | null, owner = undefined as typeof member | undefined, group = listed) => {
      const { status, before } = judge(group, { committed, note: null }, owner, 43n)
      return [status, before]
    }

    test('a bookmark behind the message means read; one before it tells how many come first', () => {
      assert.deepEqual(judged(44n), ['read', null])
      assert.deepEqual(judged(43n), ['waiting', 0n])
      assert.deepEqual(judged(40n), ['waiting', 3n])
    })

    test('without a bookmark it waits when a member is there, else it never subscribed', () => {
      assert.deepEqual(judged(null, member), ['waiting', null])
      assert.deepEqual(judged(null), ['never', null])
    })

    test('where nobody can tell, nothing is claimed', () => {
      for (const state of ['PreparingRebalance', 'CompletingRebalance', 'Assigning', 'Reconciling'])
        assert.deepEqual(judged(null, undefined, { ...listed, state }), ['unknown', null])
      assert.deepEqual(judged(null, undefined, { ...listed, type: 'share' }), ['unknown', null])
      const refused = judge(listed, { committed: null, note: 'GROUP_AUTHORIZATION_FAILED (30)' }, undefined, 43n)
      assert.equal(refused.status, 'unknown')
    })
  })

  suite('what it says', () => {
    test('an offset outside the bounds is explained by them', () => {
      assert.match(outsideOf(3n, { start: 5n, end: 9n }), /gone.*begins at 5/)
      assert.match(outsideOf(9n, { start: 5n, end: 9n }), /not there yet.*the last offset is 8/)
      assert.match(outsideOf(0n, { start: 0n, end: 0n }), /the partition is empty, the next offset is 0/)
    })

    test('the story fits into eighty columns, paths aside, and shows the arithmetic', () => {
      const owner = { ...member, id: `notifications-1-${'0'.repeat(36)}` }
      const groups = [judge(listed, { committed: 40n, note: null }, owner, 43n)]
      const text = storyOf({ ...message, groups })
      for (const line of text.split('\n')) if (!line.includes('/')) assert.ok(line.length <= 80, line)
      assert.match(text, /murmur2\("k7"\) = 1526671408 = 0x5aff2830/)
      assert.match(text, /1526671408 % 3 = 1/)
      assert.match(text, /the batch begins at byte 588 and takes 312 bytes/)
      assert.match(text, /node 2: follower, NOT in sync/)
      assert.match(
        text,
        /kitchen: waiting; its bookmark is 40, 3 before this message\n +owned by notifications-1-0+\n +on 127/
      )
      assert.match(text, /producer id 1002, epoch 0, sequence 17/)
    })

    test('where no group has a bookmark, nobody is counted who has put one', () => {
      const text = storyOf({ ...message, groups: [] }).replace(/\s+/g, ' ')
      assert.match(text, /Nobody has a bookmark at this branch/)
      assert.doesNotMatch(text, /0 of 0/)
    })

    test('what is not so is said: not idempotent, not by the hash, not yet visible, no file', () => {
      const copies = message.copies.map((copy) => ({ ...copy, file: null, note: 'kept in memory: there is no file' }))
      const text = storyOf({
        ...message,
        producer: null,
        copies,
        partitioning: explainPartition(Buffer.from('k7'), 0, 3),
        log: { ...message.log, visibleTo: 'none', highWatermark: 40n }
      }).replaceAll(/\s+/g, ' ')
      assert.match(text, /it was not idempotent/)
      assert.match(text, /not the one the hash of its key gives, which is 1/)
      assert.match(text, /not every copy in sync has it yet/)
      assert.match(text, /no consumer can see it yet/)
      assert.match(text, /kept in memory: there is no file/)
    })

    test('the help names every field of the data', () => {
      const group = judge(listed, { committed: 1n, note: null }, member, 43n)
      const fields = traceFields({ ...message, groups: [group] })
      const names = [fields, ...Object.values(fields).flat()].flatMap((part) =>
        typeof part === 'object' && part !== null ? Object.keys(part) : []
      )
      for (const name of names.filter((one) => !/^\d+$/.test(one)))
        assert.match(command.notes ?? '', new RegExp(`\\b${name}\\b`), name)
    })

    test('keys and values cannot drive the terminal, whatever bytes they are', () => {
      fc.assert(
        fc.property(
          fc.oneof(
            fc.uint8Array(),
            fc.string({ unit: 'binary' }).map((text) => Buffer.from(text))
          ),
          (bytes) => {
            for (const text of [readableKey(Buffer.from(bytes)), readableValue(Buffer.from(bytes))]) {
              // biome-ignore lint/suspicious/noControlCharactersInRegex: these must not be there
              assert.doesNotMatch(text, /[\u0000-\u001f\u007f-\u009f]/)
            }
          }
        )
      )
      assert.equal(readableKey(Buffer.from('a"b')), '"a\\"b"')
      assert.equal(readableValue(Buffer.from([0xff])), 'base64:/w==')
    })

    test('lines break between words only', () => {
      assert.deepEqual(wrap('aa bb cc', 5), ['aa bb', 'cc'])
      assert.deepEqual(wrap('a longwordhere b', 5), ['a', 'longwordhere', 'b'])
    })
  })
})
