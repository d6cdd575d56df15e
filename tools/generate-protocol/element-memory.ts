/**
 * What one element of a decoded array takes in memory, at most, besides the bytes of its texts: `Reader` refuses by it what would
 * become much larger than its bytes. In bytes of V8 on a machine of 64 bits, as measured by `test/broker/bombs.test.ts`.
 */
import type { Field, FieldType, Struct } from './model.ts'
import { contains } from './versions.ts'

/** Its place in the array, which may be longer by half than it has to be. */
const slot = 12
const fieldOfObject = 8
const objectHead = 24
const emptyArray = 32
/** Of a text of two characters; one character and none are shared. */
const textHead = 24
const buffer = 112
const boxedNumber = 16
const uuidText = 40

export function elementMemory(type: FieldType, version: number): number {
  return slot + contents(type, version)
}

function contents(type: FieldType, version: number): number {
  if (type.kind === 'array') return emptyArray
  if (type.kind === 'struct') return structMemory(type.struct, version)
  switch (type.primitive) {
    case 'int64':
    case 'uint32':
    case 'float64':
      return boxedNumber
    case 'uuid':
      return uuidText
    case 'string':
      return textHead
    case 'bytes':
    case 'records':
      return buffer
    default:
      return 0
  }
}

function structMemory(struct: Struct, version: number): number {
  return struct.fields.reduce((sum, field) => sum + fieldOfObject + fieldMemory(field, version), objectHead)
}

/** A field that the version does not have is there all the same: what is not a constant takes its memory. */
function fieldMemory(field: Field, version: number): number {
  const isMade = contains(field.versions, version) || field.type.kind !== 'primitive'
  return isMade ? contents(field.type, version) : 0
}
