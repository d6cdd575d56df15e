/** What the metadata log says of brokers: they register, are fenced and unfenced, begin to stop, and are unregistered. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { BrokerImage } from '../../../src/coordination/metadata/broker-image.ts'
import { ClusterImage } from '../../../src/coordination/metadata/image.ts'
import {
  brokerRegistrationChangeRecord,
  encodeMetadataRecord,
  registerBrokerRecord,
  unregisterBrokerRecord
} from '../../../src/coordination/metadata/records.ts'
import { replayMetadata } from '../../../src/coordination/metadata/replay.ts'
import { BrokerRegistrationChangeRecord } from '../../../src/protocol/generated/metadata-log/broker-registration-change-record.ts'
import { FenceBrokerRecord } from '../../../src/protocol/generated/metadata-log/fence-broker-record.ts'
import { UnfenceBrokerRecord } from '../../../src/protocol/generated/metadata-log/unfence-broker-record.ts'

const broker: BrokerImage = {
  id: 2,
  epoch: 7,
  incarnationId: 'J8hKUf_nQQ21LcJpUdYd_g',
  directories: ['s9tppN_69VVX-1KFHLS1dA'],
  endpoints: [{ name: 'PLAINTEXT', host: 'localhost', port: 9093, securityProtocol: 0 }],
  rack: 'a',
  fenced: true,
  inControlledShutdown: false,
  features: [{ name: 'metadata.version', minSupportedVersion: 7, maxSupportedVersion: 33 }]
}

function registered(metadataVersion = 33): ClusterImage {
  const image = new ClusterImage()
  replayMetadata(image, registerBrokerRecord(broker, metadataVersion))
  return image
}

test('a broker is as it registered, until it is unregistered', () => {
  const image = registered()
  assert.deepEqual(image.broker(2), broker)
  assert.deepEqual([...image.brokers()], [broker])
  assert.equal(image.brokerEpoch(2), 7)
  replayMetadata(image, unregisterBrokerRecord(broker))
  assert.equal(image.broker(2), undefined)
  assert.equal(image.brokerEpoch(2), undefined)
})

test('an older metadata.version says no directories', () => {
  for (const metadataVersion of [7, 8, 16]) {
    assert.deepEqual(registered(metadataVersion).broker(2), { ...broker, directories: [] })
  }
  assert.deepEqual(registered(17).broker(2), broker)
})

test('a broker that registers again is another one of the same id', () => {
  const image = registered()
  replayMetadata(image, registerBrokerRecord({ ...broker, epoch: 8, rack: null, fenced: false }, 33))
  assert.deepEqual([...image.brokers()], [{ ...broker, epoch: 8, rack: null, fenced: false }])
})

const of = { brokerId: 2, brokerEpoch: 7 }
const changes = [
  ['unfenced', brokerRegistrationChangeRecord(broker, { fenced: false }), { fenced: false }],
  ['unfenced in the old words', encodeMetadataRecord(UnfenceBrokerRecord, 0, { id: 2, epoch: 7 }), { fenced: false }],
  ['fenced', brokerRegistrationChangeRecord(broker, { fenced: true }), { fenced: true }],
  ['fenced in the old words', encodeMetadataRecord(FenceBrokerRecord, 0, { id: 2, epoch: 7 }), { fenced: true }],
  [
    'in controlled shutdown',
    brokerRegistrationChangeRecord(broker, { inControlledShutdown: true }),
    { inControlledShutdown: true }
  ],
  [
    'there with another directory',
    encodeMetadataRecord(BrokerRegistrationChangeRecord, 2, { ...of, logDirs: ['J8hKUf_nQQ21LcJpUdYd_g'] }),
    { directories: ['J8hKUf_nQQ21LcJpUdYd_g'] }
  ]
] as const

for (const [what, record, difference] of changes) {
  test(`a broker is ${what}, and nothing else of it changes`, () => {
    for (const fenced of [true, false]) {
      const image = new ClusterImage()
      replayMetadata(image, registerBrokerRecord({ ...broker, fenced }, 33))
      replayMetadata(image, record)
      assert.deepEqual(image.broker(2), { ...broker, fenced, ...difference })
    }
  })
}

test('a change of another epoch is no change of this broker', () => {
  const late = brokerRegistrationChangeRecord({ ...broker, epoch: 6 }, { fenced: false })
  assert.throws(() => replayMetadata(registered(), late), /broker 2 of epoch 6/)
})
