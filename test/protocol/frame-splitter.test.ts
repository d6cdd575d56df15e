import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FrameSplitter } from '../../src/protocol/frame-splitter.ts'
import { FrameSizeError } from '../../src/protocol/primitives.ts'
import * as fc from '../harness/properties.ts'

function framed(body: Buffer): Buffer {
  const size = Buffer.alloc(4)
  size.writeInt32BE(body.length)
  return Buffer.concat([size, body])
}

function drain(splitter: FrameSplitter): Buffer[] {
  const frames: Buffer[] = []
  for (let frame = splitter.next(); frame !== undefined; frame = splitter.next()) frames.push(frame)
  return frames
}

function body(sizeBytes: number): Buffer {
  return Buffer.from(Uint8Array.from({ length: sizeBytes }, (_, index) => (index * 31) % 251))
}

test('the frames are the same however the bytes are cut', () => {
  const sizes = fc.array(fc.oneof(fc.nat(20), fc.nat(20_000)), { maxLength: 6 })
  const cuts = fc.infiniteStream(fc.oneof(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 9000 })))
  fc.assert(
    fc.property(sizes, cuts, fc.boolean(), (bodySizes, cutSizes, drainsLate) => {
      const bodies = bodySizes.map(body)
      const stream = Buffer.concat(bodies.map(framed))
      const splitter = new FrameSplitter(20_000)
      const frames: Buffer[] = []
      let position = 0
      let given = 0
      for (const cut of cutSizes) {
        if (position >= stream.length) break
        splitter.push(stream.subarray(position, position + cut))
        position = Math.min(position + cut, stream.length)
        if (!drainsLate) frames.push(...drain(splitter))
        given = frames.reduce((sum, frame) => sum + frame.length + 4, 0)
        assert.ok(splitter.bufferedBytes <= position - given)
      }
      frames.push(...drain(splitter))
      assert.deepEqual(frames, bodies)
      assert.equal(splitter.bufferedBytes, 0)
    })
  )
})

test('a frame within one chunk is a slice of it', () => {
  const chunk = Buffer.concat([framed(body(100)), framed(body(50))])
  const splitter = new FrameSplitter(1000)
  splitter.push(chunk)
  assert.deepEqual(
    drain(splitter).map((frame) => [frame.buffer === chunk.buffer, frame.length]),
    [
      [true, 100],
      [true, 50]
    ]
  )
})

test('the small rest of a chunk is copied, so that it does not keep the whole chunk in memory', () => {
  const [first, second] = [framed(body(60_000)), framed(body(500))]
  const chunk = Buffer.allocUnsafeSlow(first.length + 100)
  Buffer.concat([first, second.subarray(0, 100)]).copy(chunk)
  const splitter = new FrameSplitter(100_000)
  splitter.push(chunk)
  assert.equal(drain(splitter).length, 1)
  assert.equal(splitter.bufferedBytes, 96)
  // Whoever still looked at the chunk would see this.
  chunk.fill(0xff)
  splitter.push(second.subarray(100))
  assert.deepEqual(drain(splitter), [body(500)])
})

test('frames before a bad size still come out', () => {
  const splitter = new FrameSplitter(1000)
  splitter.push(Buffer.concat([framed(body(3)), Buffer.from('80000000', 'hex')]))
  assert.equal(splitter.next()?.length, 3)
  assert.throws(() => splitter.next(), FrameSizeError)
})

test('a size above the limit is refused as soon as it is there', () => {
  const splitter = new FrameSplitter(1000)
  splitter.push(Buffer.from('000003', 'hex'))
  assert.equal(splitter.next(), undefined)
  splitter.push(Buffer.from('e9', 'hex'))
  assert.throws(() => splitter.next(), { name: 'FrameSizeError', sizeBytes: 1001, maxSizeBytes: 1000 })
})

test('an announced size costs nothing until the bytes come', () => {
  const splitter = new FrameSplitter(2 ** 31 - 1)
  splitter.push(Buffer.from('7fffffff', 'hex'))
  assert.equal(splitter.next(), undefined)
  splitter.push(Buffer.alloc(10))
  assert.equal(splitter.next(), undefined)
  assert.equal(splitter.bufferedBytes, 10)
})

test('an empty frame is a frame', () => {
  const splitter = new FrameSplitter(10)
  splitter.push(Buffer.alloc(4))
  assert.equal(splitter.next()?.length, 0)
  assert.equal(splitter.next(), undefined)
})
