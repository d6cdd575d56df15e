/**
 * Requests that are small as bytes and as large as they can be once they are decoded: in each of them one array has as many elements
 * as the bytes allow, and every element is the one that takes the most memory for its bytes, or the fewest bytes.
 */
import assert from 'node:assert/strict'
import { type ApiKey, apiFactsOf } from '../../src/protocol/api-keys.ts'
import { encodeRequest } from '../../src/protocol/frame.ts'
import { apiCodecs } from '../../src/protocol/generated/api/registry.ts'
import type { AnyMessage } from '../../src/protocol/message.ts'
import { ZERO_UUID } from '../../src/protocol/primitives.ts'
import type { Field, FieldType, Struct } from '../../tools/generate-protocol/model.ts'
import { contains } from '../../tools/generate-protocol/versions.ts'
import { models } from '../protocol/arbitraries.ts'

type Filling = 'lean' | 'costly'

interface Shape {
  readonly version: number
  /** The arrays, and structs with arrays in them, on the way to the innermost array, by their fields. */
  readonly path: readonly Field[]
  /** Which of them has many elements; the others have one. */
  readonly many: number
  readonly filling: Filling
  /** What every array beside the way has. */
  readonly besideCount: 0 | 1
}

export interface Bomb {
  readonly name: string
  readonly version: number
  /** Header and body. */
  readonly frame: Buffer
}

export function codecOf(key: ApiKey): { readonly request: AnyMessage; readonly response: AnyMessage } {
  const codec = apiCodecs.find((one) => one.key === key)
  assert.ok(codec !== undefined)
  return codec
}

/** One for each array of a version. */
export function bombsOf(key: ApiKey, version: number, frameBytes: number, fillings: readonly Filling[]): Bomb[] {
  const { request } = codecOf(key)
  const root = models.find(({ facts }) => facts.type === 'request' && facts.apiKey === key)?.root
  assert.ok(root !== undefined && apiFactsOf(key) !== undefined)
  return shapesOf(root, version, fillings).map((shape) => bombOf(request, root, shape, frameBytes))
}

function shapesOf(root: Struct, version: number, fillings: readonly Filling[]): Shape[] {
  return arrayPaths(root, version).flatMap((path) =>
    path.flatMap((field, many) =>
      (field.type.kind === 'array' ? fillings : []).flatMap((filling) =>
        ([0, 1] as const).map((besideCount) => ({ version, path, many, filling, besideCount }))
      )
    )
  )
}

function arrayPaths(struct: Struct, version: number): Field[][] {
  return struct.fields.flatMap((field) => {
    if (!contains(field.versions, version)) return []
    if (field.type.kind === 'struct') return arrayPaths(field.type.struct, version).map((path) => [field, ...path])
    if (field.type.kind !== 'array') return []
    const { element } = field.type
    const inner = element.kind === 'struct' ? arrayPaths(element.struct, version) : []
    return [[field], ...inner.map((path) => [field, ...path])]
  })
}

function bombOf(request: AnyMessage, root: Struct, shape: Shape, frameBytes: number): Bomb {
  const frameOf = (count: number): Buffer =>
    Buffer.concat(encodeRequest(7, 'client', request, shape.version, structWith(root, shape, count))).subarray(4)
  const one = frameOf(1).length
  const perElement = frameOf(2).length - one
  const frame = frameOf(Math.max(1, Math.floor((frameBytes - one - 8) / perElement)))
  const { version, path, many, filling, besideCount } = shape
  const way = path.map(({ name }, index) => (index === many ? `${name}[…]` : name)).join('.')
  return { name: `${request.name} v${version} ${way} ${filling}, ${besideCount} beside`, version, frame }
}

function structWith(struct: Struct, shape: Shape, count: number, depth = 0): Record<string, unknown> {
  const value: Record<string, unknown> = {}
  for (const field of struct.fields) {
    if (!contains(field.versions, shape.version)) continue
    const { type } = field
    if (type.kind === 'array' && field === shape.path[depth]) {
      const length = depth === shape.many ? count : 1
      value[field.name] = new Array(length).fill(elementOf(type.element, shape, count, depth + 1))
    } else if (type.kind === 'struct' && field === shape.path[depth]) {
      value[field.name] = structWith(type.struct, shape, count, depth + 1)
    } else if (field.tag < 0) value[field.name] = fieldOf(field, shape)
  }
  return value
}

function fieldOf(field: Field, shape: Shape): unknown {
  const { type } = field
  if (type.kind !== 'array' && shape.filling === 'lean' && contains(field.nullable, shape.version)) return null
  if (type.kind !== 'array') return elementOf(type, shape, 0, Number.POSITIVE_INFINITY)
  return shape.besideCount === 0 ? [] : [elementOf(type.element, shape, 0, Number.POSITIVE_INFINITY)]
}

function elementOf(type: FieldType, shape: Shape, count: number, depth: number): unknown {
  if (type.kind === 'array') return []
  if (type.kind === 'struct') return structWith(type.struct, shape, count, depth)
  const isLean = shape.filling === 'lean'
  switch (type.primitive) {
    case 'bool':
      return false
    case 'string':
      return isLean ? '' : 'ab'
    case 'uuid':
      return isLean ? ZERO_UUID : Buffer.alloc(16, 7).toString('base64url')
    case 'bytes':
    case 'records':
      return Buffer.alloc(isLean ? 0 : 1)
    case 'int64':
      if (type.int64 === 'bigint') return 2n ** 62n
      return isLean ? 0 : 2 ** 52
    case 'float64':
      return 0.5
    default:
      return 0
  }
}
