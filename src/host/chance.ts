/** Chance, as the broker sees it: the real one is unpredictable, a test's one follows a seed. */
export interface Chance {
  bytes(count: number): Buffer
  /** A whole number from 0 to `limit - 1`. */
  below(limit: number): number
}

/** A random identifier in Kafka's text form: 16 bytes of a version 4 UUID as 22 characters of base64url, never starting with '-'. */
export function randomUuid(chance: Chance): string {
  for (;;) {
    const bytes = chance.bytes(16)
    bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x40, 6)
    bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8)
    const text = bytes.toString('base64url')
    if (!text.startsWith('-')) return text
  }
}
