/** xxHash32, the checksum in the header of an LZ4 frame (the xxHash specification, version 0.8). */
const prime1 = 0x9e3779b1
const prime2 = 0x85ebca77
const prime3 = 0xc2b2ae3d
const prime4 = 0x27d4eb2f
const prime5 = 0x165667b1

export function xxhash32(bytes: Buffer, seed = 0): number {
  let position = 0
  let hash: number
  if (bytes.length >= 16) {
    const lanes: [number, number, number, number] = [seed + prime1 + prime2, seed + prime2, seed, seed - prime1]
    for (; position + 16 <= bytes.length; position += 16) {
      lanes[0] = round(lanes[0], bytes.readUInt32LE(position))
      lanes[1] = round(lanes[1], bytes.readUInt32LE(position + 4))
      lanes[2] = round(lanes[2], bytes.readUInt32LE(position + 8))
      lanes[3] = round(lanes[3], bytes.readUInt32LE(position + 12))
    }
    hash = rotate(lanes[0], 1) + rotate(lanes[1], 7) + rotate(lanes[2], 12) + rotate(lanes[3], 18)
  } else {
    hash = seed + prime5
  }
  hash = (hash + bytes.length) | 0
  for (; position + 4 <= bytes.length; position += 4) {
    hash = Math.imul(rotate((hash + Math.imul(bytes.readUInt32LE(position), prime3)) | 0, 17), prime4)
  }
  for (; position < bytes.length; position++) {
    hash = Math.imul(rotate((hash + Math.imul(bytes.readUInt8(position), prime5)) | 0, 11), prime1)
  }
  hash = Math.imul(hash ^ (hash >>> 15), prime2)
  hash = Math.imul(hash ^ (hash >>> 13), prime3)
  return (hash ^ (hash >>> 16)) >>> 0
}

function round(lane: number, input: number): number {
  return Math.imul(rotate((lane + Math.imul(input, prime2)) | 0, 13), prime1)
}

function rotate(value: number, bits: number): number {
  return (value << bits) | (value >>> (32 - bits))
}
