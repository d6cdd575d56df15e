/**
 * Kafka's murmur2 with its working shown, for one key: the same arithmetic as `produce/murmur2.ts`, which a test compares,
 * written once more so that each intermediate value can be told.
 */
import { counted } from '../counted.ts'

const multiplier = 0x5bd1e995
const seed = 0x9747b28c
const labelWidth = 34

export interface Murmur2 {
  /** Made positive: the sign bit is dropped. */
  readonly hash: number
  readonly lines: readonly string[]
}

export function murmur2Steps(key: string): Murmur2 {
  const bytes = Buffer.from(key)
  const lines: string[] = [
    `"${key}" is ${counted(bytes.length, 'byte')}: ${bytes.toString('hex').replace(/(..)(?=.)/g, '$1 ')}`
  ]
  const told = (label: string, value: number) => {
    lines.push(`${label.padEnd(labelWidth)} = ${hex(value)}`)
    return value
  }
  let hash = told(`h = ${hex(seed)} xor ${bytes.length}`, seed ^ bytes.length)
  const words = bytes.length >> 2
  for (let word = 0; word < words; word++) {
    let mixed = told(`k = bytes ${word * 4} to ${word * 4 + 3}, little end first`, bytes.readInt32LE(word * 4))
    mixed = told(`k = k * ${hex(multiplier)}`, Math.imul(mixed, multiplier))
    mixed = told('k = k xor (k >>> 24)', mixed ^ (mixed >>> 24))
    mixed = told(`k = k * ${hex(multiplier)}`, Math.imul(mixed, multiplier))
    hash = told(`h = (h * ${hex(multiplier)}) xor k`, Math.imul(hash, multiplier) ^ mixed)
  }
  const rest = bytes.subarray(words * 4)
  if (rest.length > 0) {
    hash = told(
      `h = h xor the rest, ${counted(rest.length, 'byte')}`,
      hash ^ rest.reduceRight((sum, byte) => (sum << 8) | byte, 0)
    )
    hash = told(`h = h * ${hex(multiplier)}`, Math.imul(hash, multiplier))
  }
  hash = told('h = h xor (h >>> 13)', hash ^ (hash >>> 13))
  hash = told(`h = h * ${hex(multiplier)}`, Math.imul(hash, multiplier))
  hash = told('h = h xor (h >>> 15)', hash ^ (hash >>> 15))
  const positive = told('h and 7fffffff, to be positive', hash & 0x7fffffff)
  lines.push(`${'in decimal'.padEnd(labelWidth)} = ${positive}`)
  return { hash: positive, lines }
}

/** The last line of the sum. */
export function remainderLine(hash: number, partitions: number): string {
  return `${`${hash} modulo ${partitions}`.padEnd(labelWidth)} = ${hash % partitions}`
}

function hex(value: number): string {
  return (value >>> 0).toString(16).padStart(8, '0')
}
