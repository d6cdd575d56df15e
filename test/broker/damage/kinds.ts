/** The ways in which a file can be damaged. */

export interface Damaged {
  readonly what: string
  /** Null: the file is gone. */
  readonly bytes: Buffer | null
}

/** Every kind of damage to a file with these bytes; of each stretch of `stepBytes` one byte and one bit, by the seed others. */
export function* damages(
  bytes: Buffer,
  twin: Buffer | undefined,
  { stepBytes, seed }: { readonly stepBytes: number; readonly seed: number }
): Iterable<Damaged> {
  yield { what: 'removed', bytes: null }
  yield { what: 'emptied', bytes: Buffer.alloc(0) }
  yield { what: 'extended with noise', bytes: Buffer.concat([bytes, noise(30)]) }
  yield { what: 'extended with zeros', bytes: Buffer.concat([bytes, Buffer.alloc(100)]) }
  if (twin !== undefined) yield { what: "replaced by another partition's", bytes: twin }
  for (let at = seed % stepBytes; at < bytes.length; at += stepBytes) {
    const length = Math.min(stepBytes, bytes.length - at)
    const position = at + ((at * 7 + seed) % length)
    const bit = (at + seed) % 8
    yield { what: `bit ${bit} flipped at ${position}`, bytes: flipped(bytes, position, bit) }
    yield { what: `${length} bytes of zeros at ${at}`, bytes: overwritten(bytes, at, Buffer.alloc(length)) }
    yield { what: `${length} bytes of noise at ${at}`, bytes: overwritten(bytes, at, noise(length)) }
    if (at > 0) yield { what: `cut at ${at}`, bytes: bytes.subarray(0, at) }
  }
}

function flipped(bytes: Buffer, position: number, bit: number): Buffer {
  return overwritten(bytes, position, Buffer.from([(bytes[position] ?? 0) ^ (1 << bit)]))
}

function overwritten(bytes: Buffer, position: number, by: Buffer): Buffer {
  const changed = Buffer.from(bytes)
  by.copy(changed, position)
  return changed
}

function noise(length: number): Buffer {
  return Buffer.from(Array.from({ length }, (_, index) => (index * 151 + 89) & 0xff))
}
