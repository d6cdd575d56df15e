/** Random values of every generated message, made from the facts: only what the version can carry. */

import { ZERO_UUID } from '../../src/protocol/primitives.ts'
import { groups, readMessages } from '../../tools/generate-protocol/facts.ts'
import {
  type Field,
  type FieldType,
  type MessageModel,
  modelOf,
  type Struct
} from '../../tools/generate-protocol/model.ts'
import { contains } from '../../tools/generate-protocol/versions.ts'
import * as fc from '../harness/properties.ts'

/** Every message that has versions. */
export const models: readonly MessageModel[] = groups
  .flatMap((group) => readMessages(group).map(modelOf))
  .filter((model) => model.root.possible.length > 0)

type PrimitiveType = Extract<FieldType, { kind: 'primitive' }>
/** What the fields of a message are filled with. */
export type PrimitiveArbitrary = (type: PrimitiveType) => fc.Arbitrary<unknown>

export function messageArbitrary(
  model: MessageModel,
  version: number,
  primitive: PrimitiveArbitrary = ordinaryPrimitive
): fc.Arbitrary<unknown> {
  return structArbitrary(model.root, version, primitive)
}

function structArbitrary(
  struct: Struct,
  version: number,
  primitive: PrimitiveArbitrary
): fc.Arbitrary<Record<string, unknown>> {
  const required: Record<string, fc.Arbitrary<unknown>> = {}
  const optional: Record<string, fc.Arbitrary<unknown>> = {}
  for (const field of struct.fields) {
    if (!contains(field.versions, version)) continue
    const arbitrary = fieldArbitrary(field, version, primitive)
    if (field.optional) optional[field.name] = arbitrary
    else required[field.name] = arbitrary
  }
  return fc.record({ ...required, ...optional }, { requiredKeys: Object.keys(required) })
}

function fieldArbitrary(field: Field, version: number, primitive: PrimitiveArbitrary): fc.Arbitrary<unknown> {
  const arbitrary = typeArbitrary(field.type, version, primitive)
  return contains(field.nullable, version) ? fc.option(arbitrary, { freq: 3 }) : arbitrary
}

function typeArbitrary(type: FieldType, version: number, primitive: PrimitiveArbitrary): fc.Arbitrary<unknown> {
  if (type.kind === 'array') return fc.array(typeArbitrary(type.element, version, primitive), { maxLength: 3 })
  if (type.kind === 'struct') return structArbitrary(type.struct, version, primitive)
  return primitive(type)
}

function ordinaryPrimitive(type: PrimitiveType): fc.Arbitrary<unknown> {
  switch (type.primitive) {
    case 'bool':
      return fc.boolean()
    case 'int8':
      return fc.integer({ min: -0x80, max: 0x7f })
    case 'int16':
      return fc.integer({ min: -0x8000, max: 0x7fff })
    case 'uint16':
      return fc.integer({ min: 0, max: 0xffff })
    case 'int32':
      return fc.integer()
    case 'uint32':
      return fc.integer({ min: 0, max: 0xffff_ffff })
    case 'int64':
      return int64Arbitrary(type.int64)
    case 'float64':
      return fc.double({ noNaN: true })
    case 'string':
      return fc.oneof(fc.string({ unit: 'grapheme', maxLength: 6 }), fc.constantFrom('', 'x'.repeat(200)))
    case 'uuid':
      return fc.oneof(
        fc.constant(ZERO_UUID),
        bytesArbitrary(16, 16).map((bytes) => bytes.toString('base64url'))
      )
    case 'bytes':
    case 'records':
      return fc.oneof(bytesArbitrary(0, 8), fc.constant(Buffer.alloc(2000, 7)))
  }
}

function int64Arbitrary(form: 'safe' | 'wide' | 'bigint'): fc.Arbitrary<number | bigint> {
  if (form === 'bigint') return fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })
  return form === 'wide' ? fc.oneof(fc.maxSafeInteger(), fc.constantFrom(2 ** 63, -(2 ** 63))) : fc.maxSafeInteger()
}

function bytesArbitrary(minLength: number, maxLength: number): fc.Arbitrary<Buffer> {
  return fc.uint8Array({ minLength, maxLength }).map((bytes) => Buffer.from(bytes))
}

/** The value that takes the fewest bytes, but with elements in every array. */
export function leanValue(struct: Struct, version: number): Record<string, unknown> {
  const value: Record<string, unknown> = {}
  for (const field of struct.fields) {
    if (field.tag < 0 && contains(field.versions, version)) value[field.name] = leanField(field, version)
  }
  return value
}

function leanField(field: Field, version: number): unknown {
  const type = field.type
  if (type.kind === 'array') return [1, 2, 3].map(() => leanOf(type.element, version))
  return contains(field.nullable, version) ? null : leanOf(type, version)
}

function leanOf(type: FieldType, version: number): unknown {
  if (type.kind === 'array') return []
  if (type.kind === 'struct') return leanValue(type.struct, version)
  switch (type.primitive) {
    case 'bool':
      return false
    case 'string':
      return ''
    case 'uuid':
      return ZERO_UUID
    case 'bytes':
    case 'records':
      return Buffer.alloc(0)
    case 'int64':
      return type.int64 === 'bigint' ? 0n : 0
    default:
      return 0
  }
}
