/** What holds for every generated message in every version. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { AnyMessage } from '../../src/protocol/message.ts'
import { EncodeError, ProtocolError, Reader, Writer } from '../../src/protocol/primitives.ts'
import type { MessageModel } from '../../tools/generate-protocol/model.ts'
import * as fc from '../harness/properties.ts'
import { leanValue, messageArbitrary, models } from './arbitraries.ts'
import { allMessages, encoded } from './messages.ts'

const runsPerVersion = 15

/** Puts a tagged field that nobody knows into every struct. */
class WriterFromTheFuture extends Writer {
  override writeEmptyTaggedFields(): void {
    this.writeTagCount(0)
  }

  override writeTagCount(count: number): void {
    this.writeUnsignedVarint(count + 1)
    this.writeUnsignedVarint(100_000)
    this.writeUnsignedVarint(3)
    this.writeRaw(Buffer.from('new'))
  }
}

function eachVersion(act: (message: AnyMessage, version: number, model: MessageModel) => void): void {
  for (const model of models) {
    const message = allMessages.find(({ name }) => name === model.facts.name)
    assert.ok(message, model.facts.name)
    for (const version of model.root.possible) act(message, version, model)
  }
}

function forAll(model: MessageModel, version: number, act: (value: unknown) => void): void {
  fc.assert(fc.property(messageArbitrary(model, version), act), {
    numRuns: runsPerVersion,
    interruptAfterTimeLimit: 5000
  })
}

test('a value comes back from its bytes, and gives the same bytes again', () => {
  eachVersion((message, version, model) => {
    forAll(model, version, (value) => {
      const bytes = encoded(message, value, version)
      const reader = new Reader(bytes)
      const decoded = message.decode(reader, version)
      assert.equal(reader.remaining, 0)
      assertContains(decoded, value)
      assert.deepEqual(encoded(message, decoded, version), bytes)
    })
  })
})

test('the leanest elements fit the counts that are accepted', () => {
  eachVersion((message, version, model) => {
    const value = leanValue(model.root, version)
    assertContains(message.decode(new Reader(encoded(message, value, version)), version), value)
  })
})

test('tagged fields that nobody knows are skipped', () => {
  eachVersion((message, version, model) => {
    if (version < message.flexibleFrom) return
    forAll(model, version, (value) => {
      const writer = new WriterFromTheFuture()
      message.encode(writer, value, version)
      const reader = new Reader(writer.toBuffer())
      const decoded = message.decode(reader, version)
      assert.equal(reader.remaining, 0)
      assert.deepEqual(encoded(message, decoded, version), encoded(message, value, version))
    })
  })
})

test('bytes that end too early are refused wherever they end', () => {
  eachVersion((message, version, model) => {
    const [value] = fc.sample(messageArbitrary(model, version), { numRuns: 1, seed: version })
    const bytes = encoded(message, value, version)
    const step = Math.max(1, Math.floor(bytes.length / 50))
    for (let length = 0; length < bytes.length; length += step) {
      assert.throws(() => message.decode(new Reader(bytes, 0, length), version), ProtocolError)
    }
  })
})

test('damaged and random bytes give a value or a ProtocolError', () => {
  eachVersion((message, version, model) => {
    const [value] = fc.sample(messageArbitrary(model, version), { numRuns: 1, seed: version })
    const bytes = encoded(message, value, version)
    const damage = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 4 })
    const damaged = damage.map((changes) => {
      const copy = Buffer.from(bytes)
      for (const [place, byte] of changes) if (copy.length > 0) copy[place % copy.length] = byte
      return copy
    })
    const random = fc.uint8Array({ maxLength: 64 }).map((array) => Buffer.from(array))
    fc.assert(
      fc.property(fc.oneof(damaged, random), (input) => decodesOrRefuses(message, version, input)),
      { numRuns: 25 }
    )
  })
})

test('a version that a message does not have is refused both ways', () => {
  for (const message of allMessages) {
    for (const version of [message.lowestVersion - 1, message.highestVersion + 1]) {
      assert.throws(() => message.decode(new Reader(Buffer.alloc(64)), version), ProtocolError)
      assert.throws(() => encoded(message, {}, version), EncodeError)
    }
  }
})

function decodesOrRefuses(message: AnyMessage, version: number, input: Buffer): void {
  try {
    message.decode(new Reader(input), version)
  } catch (error) {
    assert.ok(error instanceof ProtocolError, String(error))
  }
}

function assertContains(actual: unknown, expected: unknown): void {
  if (Array.isArray(expected)) {
    assert.ok(Array.isArray(actual) && actual.length === expected.length)
    expected.forEach((element, index) => {
      assertContains(actual[index], element)
    })
  } else if (typeof expected === 'object' && expected !== null && !Buffer.isBuffer(expected)) {
    assert.ok(typeof actual === 'object' && actual !== null)
    const properties = new Map(Object.entries(actual))
    for (const [key, value] of Object.entries(expected)) assertContains(properties.get(key), value)
  } else if (expected !== undefined) {
    assert.deepEqual(actual, expected)
  }
}
