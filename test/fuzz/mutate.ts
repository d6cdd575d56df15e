/** Makes an input of another: bits, numbers and lengths that are often wrong, pieces that go, come twice, or come from elsewhere. */
import type { SeededChance } from '../../src/host/memory/chance.ts'

const longestBytes = 8 * 1024
const telling = [0, 1, 2, 3, 0x0a, 0x10, 0x20, 0x7f, 0x80, 0xfe, 0xff]
const tellingNumbers = [-0x8000_0000, -2, -1, 0, 1, 2, 0x7f, 0x80, 0xff, 0x7fff, 0x8000, 0xffff, 0x1_0000, 0x7fff_ffff]

type Mutation = (input: Buffer, chance: SeededChance, other: Buffer) => Buffer

/** Twice what finds most: one step more is often all that is missing. */
const mutations: readonly Mutation[] = [
  flipBit,
  flipBit,
  setByte,
  setByte,
  changeByte,
  changeByte,
  setNumber,
  insertBytes,
  removePiece,
  repeatPiece,
  splice,
  splicePiece
]

export function mutate(input: Buffer, chance: SeededChance, other: Buffer): Buffer {
  let mutant: Buffer = Buffer.from(input)
  for (let left = 1 + chance.below(chance.below(8) + 1); left > 0; left--) {
    const mutation = mutations[chance.below(mutations.length)] ?? flipBit
    mutant = mutation(mutant, chance, other)
  }
  return mutant.length > longestBytes ? mutant.subarray(0, longestBytes) : mutant
}

function placeIn(input: Buffer, chance: SeededChance): number {
  return chance.below(input.length + 1)
}

/** Most pieces are short. */
function sizeFrom(input: Buffer, from: number, chance: SeededChance): number {
  return chance.below(Math.min(input.length - from, 1 << chance.below(12)) + 1)
}

function flipBit(input: Buffer, chance: SeededChance): Buffer {
  if (input.length === 0) return input
  const place = chance.below(input.length)
  input[place] = (input[place] ?? 0) ^ (1 << chance.below(8))
  return input
}

function setByte(input: Buffer, chance: SeededChance): Buffer {
  if (input.length === 0) return input
  const isTelling = chance.below(2) === 0
  input[chance.below(input.length)] = isTelling ? (telling[chance.below(telling.length)] ?? 0) : chance.below(256)
  return input
}

function changeByte(input: Buffer, chance: SeededChance): Buffer {
  if (input.length === 0) return input
  const place = chance.below(input.length)
  input[place] = ((input[place] ?? 0) + chance.below(17) - 8) & 0xff
  return input
}

function setNumber(input: Buffer, chance: SeededChance): Buffer {
  const sizeBytes = [2, 4, 8][chance.below(3)] ?? 4
  if (input.length < sizeBytes) return input
  const place = chance.below(input.length - sizeBytes + 1)
  const number = BigInt(tellingNumbers[chance.below(tellingNumbers.length)] ?? 0) + BigInt(chance.below(3) - 1)
  const bytes = Buffer.alloc(8)
  bytes.writeBigInt64BE(number)
  bytes.copy(input, place, 8 - sizeBytes)
  return input
}

function insertBytes(input: Buffer, chance: SeededChance): Buffer {
  const place = placeIn(input, chance)
  const bytes = Buffer.alloc(1 + chance.below(16), chance.below(256))
  return Buffer.concat([input.subarray(0, place), bytes, input.subarray(place)])
}

function removePiece(input: Buffer, chance: SeededChance): Buffer {
  const from = placeIn(input, chance)
  return Buffer.concat([input.subarray(0, from), input.subarray(from + sizeFrom(input, from, chance))])
}

function repeatPiece(input: Buffer, chance: SeededChance): Buffer {
  const from = placeIn(input, chance)
  const to = from + sizeFrom(input, from, chance)
  return Buffer.concat([input.subarray(0, to), input.subarray(from)])
}

function splice(input: Buffer, chance: SeededChance, other: Buffer): Buffer {
  return Buffer.concat([input.subarray(0, placeIn(input, chance)), other.subarray(placeIn(other, chance))])
}

function splicePiece(input: Buffer, chance: SeededChance, other: Buffer): Buffer {
  const from = placeIn(other, chance)
  const piece = other.subarray(from, from + sizeFrom(other, from, chance))
  const place = placeIn(input, chance)
  return Buffer.concat([input.subarray(0, place), piece, input.subarray(place)])
}
