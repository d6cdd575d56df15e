/**
 * Every generated codec in every version: bytes are refused, or become a value that turns into bytes and back into itself. The first two
 * bytes of an input choose the message, the third its version.
 */

import assert from 'node:assert/strict'
import { isDeepStrictEqual } from 'node:util'
import { ProtocolError, Reader } from '../../../src/protocol/primitives.ts'
import * as fc from '../../harness/properties.ts'
import { messageArbitrary, models } from '../../protocol/arbitraries.ts'
import { allMessages, encoded, versionsOf } from '../../protocol/messages.ts'
import type { Target } from '../target.ts'

const messages = allMessages.filter((message) => versionsOf(message).length > 0)

export const codecs: Target = {
  name: 'codecs',
  share: 0.43,

  seeds: () =>
    messages.flatMap((message, index) => {
      const model = models.find(({ facts }) => facts.name === message.name)
      assert.ok(model !== undefined, message.name)
      return versionsOf(message).flatMap((version, place) => {
        const [value] = fc.sample(messageArbitrary(model, version), { seed: index, numRuns: 1 })
        return Buffer.concat([Buffer.from([index >> 8, index & 0xff, place]), encoded(message, value, version)])
      })
    }),

  async reset() {},

  run(input) {
    if (input.length < 3) return
    const message = messages[input.readUInt16BE(0) % messages.length]
    assert.ok(message !== undefined)
    const versions = versionsOf(message)
    const version = versions[input.readUInt8(2) % versions.length] ?? 0
    const value = decodedOrRefused(() => message.decode(new Reader(input, 3), version))
    if (value === null) return
    const again = message.decode(new Reader(encoded(message, value, version)), version)
    assert.ok(isDeepStrictEqual(again, value), `${message.name} ${version} does not come back as it was`)
  }
}

function decodedOrRefused(decode: () => unknown): unknown {
  try {
    return decode()
  } catch (error) {
    if (error instanceof ProtocolError) return null
    throw error
  }
}
