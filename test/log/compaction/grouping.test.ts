/** Segments are cleaned into one as long as the result cannot outgrow a segment. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { groupsOf } from '../../../src/log/compaction/grouping.ts'

interface Given {
  readonly baseOffset: number
  readonly sizeBytes?: number
  readonly offsetBytes?: number
  readonly timeBytes?: number
}

function segment({ baseOffset, sizeBytes = 100, offsetBytes = 8, timeBytes = 12 }: Given) {
  return {
    ...{ baseOffset, sizeBytes },
    offsetIndex: { file: { sizeBytes: offsetBytes } },
    timeIndex: { file: { sizeBytes: timeBytes } }
  }
}

const bounds = { segmentBytes: 250, segmentIndexBytes: 30 }

function groups(given: readonly Given[], endOffset: number): number[][] {
  return groupsOf(given.map(segment), endOffset, bounds).map((group) => group.map(({ baseOffset }) => baseOffset))
}

test('a group is as large as a segment may be', () => {
  const offsets = [0, 10, 20, 30, 40].map((baseOffset) => ({ baseOffset }))
  assert.deepEqual(groups(offsets, 50), [[0, 10], [20, 30], [40]])
})

test('a segment that is too large by itself is a group', () => {
  assert.deepEqual(groups([{ baseOffset: 0, sizeBytes: 900 }, { baseOffset: 10 }], 20), [[0], [10]])
})

test('the indexes count as the records do', () => {
  const small = { sizeBytes: 1 }
  const offsets = [0, 10, 20].map((baseOffset) => ({ ...small, baseOffset, offsetBytes: 16 }))
  assert.deepEqual(groups(offsets, 30), [[0], [10], [20]])
  const times = [0, 10, 20].map((baseOffset) => ({ ...small, baseOffset, timeBytes: 16 }))
  assert.deepEqual(groups(times, 30), [[0], [10], [20]])
})

test('a group reaches over no more offsets than an index can name, but for segments that are empty', () => {
  const far = 2 ** 31
  const small = { sizeBytes: 1, offsetBytes: 0, timeBytes: 0 }
  assert.deepEqual(
    groups(
      [
        { ...small, baseOffset: 0 },
        { ...small, baseOffset: 5 }
      ],
      far
    ),
    [[0, 5]]
  )
  assert.deepEqual(
    groups(
      [
        { ...small, baseOffset: 0 },
        { ...small, baseOffset: 5 }
      ],
      far + 1
    ),
    [[0], [5]]
  )
  assert.deepEqual(
    groups(
      [
        { ...small, baseOffset: 0 },
        { ...small, sizeBytes: 0, baseOffset: 5 }
      ],
      far + 1
    ),
    [[0, 5]]
  )
})

test('no segment, no group', () => assert.deepEqual(groups([], 0), []))
