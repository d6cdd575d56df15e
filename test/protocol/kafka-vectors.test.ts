/** Our codecs beside Apache Kafka's own classes: same values from the same bytes, same bytes from the same values. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { AnyMessage } from '../../src/protocol/message.ts'
import { Reader } from '../../src/protocol/primitives.ts'
import { kafkaJars } from '../harness/tools.ts'
import { allMessages, encoded, messagesByGroup, versionsOf } from './messages.ts'
import { committedVectors, type Vector, vectorsFromJars } from './vectors/vectors.ts'

test('bytes that Kafka wrote give the values that Kafka meant, and are written back the same', () => {
  checkAll(committedVectors())
})

test('the Kafka of these jars writes what our codecs read', skipWithoutJars(), () => {
  const jars = kafkaJars()
  assert.ok('found' in jars)
  checkAll(vectorsFromJars(jars.found))
})

function skipWithoutJars(): { skip?: string } {
  const jars = kafkaJars()
  return 'missing' in jars ? { skip: jars.missing } : {}
}

function checkAll(vectors: readonly Vector[]): void {
  const seen = new Set<string>()
  for (const vector of vectors) {
    check(vector)
    seen.add(`${vector.message} ${vector.version}`)
  }
  for (const message of allMessages) {
    for (const version of versionsOf(message)) {
      assert.ok(seen.has(`${message.name} ${version}`), `no vector of ${message.name} v${version}`)
    }
  }
}

function check(vector: Vector): void {
  const place = `${vector.message} v${vector.version}`
  const message = messageNamed(vector)
  const reader = new Reader(vector.bytes)
  const value = message.decode(reader, vector.version)
  assert.equal(reader.remaining, 0, `${place} leaves bytes over`)
  assertContains(value, vector.json, place)
  const bytes = encoded(message, value, vector.version)
  assert.equal(bytes.toString('hex'), vector.bytes.toString('hex'), `${place} is written differently`)
}

function messageNamed(vector: Vector): AnyMessage {
  const message = messagesByGroup[vector.group].find(({ name }) => name === vector.message)
  assert.ok(message, `${vector.message} was not generated`)
  return message
}

/** Kafka's JSON leaves out what the version does not have and tagged fields with their default. */
function assertContains(value: unknown, json: unknown, path: string): void {
  if (Array.isArray(json)) {
    assert.ok(Array.isArray(value) && value.length === json.length, `${path} has other elements`)
    json.forEach((element, index) => {
      assertContains(value[index], element, `${path}[${index}]`)
    })
  } else if (typeof json === 'object' && json !== null) {
    assert.ok(typeof value === 'object' && value !== null, `${path} is no struct`)
    const properties = new Map(Object.entries(value))
    for (const [key, element] of Object.entries(json)) {
      if (key.endsWith('SizeInBytes') && !properties.has(key)) {
        const records = properties.get(key.slice(0, -'SizeInBytes'.length))
        assert.equal(Buffer.isBuffer(records) ? records.length : 0, element, `${path}.${key}`)
      } else assertContains(properties.get(key), element, `${path}.${key}`)
    }
  } else {
    assert.deepEqual(plain(value), json, path)
  }
}

function plain(value: unknown): unknown {
  if (Buffer.isBuffer(value)) return value.toString('base64')
  return typeof value === 'bigint' ? Number(value) : value
}
