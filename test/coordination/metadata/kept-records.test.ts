/** What nobody here acts on is said by snapshots all the same: as it was written, once for each subject, and by copies of an image too. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { StateRecord } from '../../../src/coordination/coordinator.ts'
import { ClusterImage } from '../../../src/coordination/metadata/image.ts'
import { encodeMetadataRecord } from '../../../src/coordination/metadata/records.ts'
import { replayMetadata } from '../../../src/coordination/metadata/replay.ts'
import { snapshotRecords } from '../../../src/coordination/metadata/snapshot-writing.ts'
import { ClientQuotaRecord } from '../../../src/protocol/generated/metadata-log/client-quota-record.ts'

const user = { entityType: 'user', entityName: 'anna' }
const client = { entityType: 'client-id', entityName: 'shop' }

function quota(entity: readonly (typeof user)[], value: number, remove = false): StateRecord {
  return encodeMetadataRecord(ClientQuotaRecord, 0, { entity: [...entity], key: 'producer_byte_rate', value, remove })
}

function imageOf(...records: readonly StateRecord[]): ClusterImage {
  const image = new ClusterImage()
  for (const record of records) replayMetadata(image, record)
  return image
}

const valuesIn = (image: ClusterImage): (string | undefined)[] =>
  [...snapshotRecords(image)].map(({ value }) => value?.toString('hex'))

const hex = ({ value }: StateRecord): string | undefined => value?.toString('hex')

test('a quota of the same entity takes the place of the one before, in whichever order its parts are named', () => {
  const image = imageOf(quota([user, client], 1), quota([client, user], 2))
  assert.deepEqual(valuesIn(image), [hex(quota([client, user], 2))])
  replayMetadata(image, quota([user, client], 0, true))
  assert.deepEqual(valuesIn(image), [])
})

test('what is kept stays as it was written when the memory is used again that it was read into', () => {
  const record = quota([user], 7)
  const written = hex(record)
  const image = imageOf(record)
  record.value?.fill(0)
  assert.deepEqual(valuesIn(image), [written])
})

test('the copy of an image says what is kept, and goes its own way', () => {
  const image = imageOf(quota([user], 7))
  const copy = image.copy()
  replayMetadata(image, quota([user], 8))
  replayMetadata(copy, quota([client], 9))
  assert.deepEqual(valuesIn(image), [hex(quota([user], 8))])
  assert.deepEqual(valuesIn(copy), [hex(quota([user], 7)), hex(quota([client], 9))])
})
