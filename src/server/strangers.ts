/** What the first four bytes of a connection look like when they are no size of a Kafka request. */
const greetings: readonly (readonly [string, string])[] = [
  ['GET ', 'HTTP'],
  ['POST', 'HTTP'],
  ['HEAD', 'HTTP'],
  ['PUT ', 'HTTP'],
  ['OPTI', 'HTTP'],
  ['DELE', 'HTTP'],
  ['PATC', 'HTTP'],
  ['CONN', 'HTTP'],
  ['TRAC', 'HTTP'],
  ['PRI ', 'HTTP/2'],
  ['SSH-', 'SSH']
]

/** A TLS record: handshake (22), then a version that begins with 3. */
const tlsHandshake = 0x1603

/** A sentence for the log, or null when it is nothing that is known. */
export function describeStranger(firstBytes: number): string | null {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32BE(firstBytes)
  if (bytes.readUInt16BE(0) === tlsHandshake) {
    return 'the client began a TLS handshake, and this listener is plain; set security.protocol=PLAINTEXT in the client'
  }
  const found = greetings.find(([start]) => bytes.toString('latin1') === start)
  if (found === undefined) return null
  return `the client spoke ${found[1]}, not Kafka's protocol; a Kafka client is needed to talk to this port`
}
