/** A disk and a connection that count what is asked of them: on a real host each of these calls is a call of the system. */
import type { Disk, DiskFile, ReadMemory } from '../../src/host/disk.ts'
import type { Connection, Network } from '../../src/host/network.ts'

export interface Counts {
  writes: number
  writtenBytes: number
  reads: number
  readBytes: number
  syncs: number
  sends: number
  sentChunks: number
  sentBytes: number
  timers: number
  copiedBytes: number
}

export function noCounts(): Counts {
  return {
    writes: 0,
    writtenBytes: 0,
    reads: 0,
    readBytes: 0,
    syncs: 0,
    sends: 0,
    sentChunks: 0,
    sentBytes: 0,
    timers: 0,
    copiedBytes: 0
  }
}

/** The files of another disk, counted. A sync takes a turn and keeps nothing: how often is what counts. */
export function countingDisk(disk: Disk, counts: Counts): Disk {
  const open: Disk['open'] = (path, mode) => countingFile(disk.open(path, mode), counts)
  return new Proxy(disk, {
    get(target, name) {
      if (name === 'open') return open
      const value: unknown = Reflect.get(target, name, target)
      return typeof value === 'function' ? value.bind(target) : value
    }
  })
}

function countingFile(file: DiskFile, counts: Counts): DiskFile {
  return {
    path: file.path,
    modifiedMs: file.modifiedMs,
    get sizeBytes() {
      return file.sizeBytes
    },
    append(chunks) {
      counts.writes += 1
      for (const chunk of chunks) counts.writtenBytes += chunk.length
      file.append(chunks)
    },
    writeAt: (position, bytes) => file.writeAt(position, bytes),
    read(position: number, lengthBytes: number, memory?: ReadMemory) {
      counts.reads += 1
      const bytes = file.read(position, lengthBytes, memory)
      counts.readBytes += bytes.length
      return bytes
    },
    truncate: (sizeBytes) => file.truncate(sizeBytes),
    sync() {
      counts.syncs += 1
      return new Promise((resolve) => setImmediate(resolve))
    },
    isAt: (path) => file.isAt(path),
    look: (path) => file.look(path),
    close: () => file.close()
  }
}

/** As much as Node reads from a socket at a time. */
const socketChunkBytes = 64 * 1024

/** Counts what is copied from one buffer into another by the usual ways; gives what ends that. */
export function countCopies(counts: Counts): () => void {
  const { concat, from } = Buffer
  const { copy } = Buffer.prototype
  const { set } = Uint8Array.prototype
  Buffer.concat = (list, sizeBytes) => {
    const joined = concat(list, sizeBytes)
    counts.copiedBytes += joined.length
    return joined
  }
  Buffer.prototype.copy = function (this: Buffer, ...where: Parameters<Buffer['copy']>) {
    const copied = copy.apply(this, where)
    counts.copiedBytes += copied
    return copied
  }
  Uint8Array.prototype.set = function (bytes, offset) {
    counts.copiedBytes += bytes.length
    set.call(this, bytes, offset)
  }
  const countingFrom = (...source: unknown[]): Buffer => {
    if (source[0] instanceof Uint8Array) counts.copiedBytes += source[0].length
    return Reflect.apply(from, Buffer, source)
  }
  Buffer.from = countingFrom as typeof Buffer.from
  return () => {
    Object.assign(Buffer, { concat, from })
    Buffer.prototype.copy = copy
    Uint8Array.prototype.set = set
  }
}

/** A peer that reads everything at once. */
export class CountingConnection implements Connection {
  readonly remoteAddress = '127.0.0.1'
  readonly remotePort = 4242
  readonly localAddress = '127.0.0.1'
  readonly unsentBytes = 0
  /** What was answered last, whole. */
  last: readonly Uint8Array[] = []
  readonly #counts: Counts
  readonly #pass: (chunk: Buffer) => Buffer
  #data: (chunk: Buffer) => void = () => {}
  #whenAnswered: () => void = () => {}

  constructor(counts: Counts, pass: (chunk: Buffer) => Buffer = (chunk) => chunk) {
    this.#counts = counts
    this.#pass = pass
  }

  onData(callback: (chunk: Buffer) => void): void {
    this.#data = callback
  }

  onClose(): void {}
  onDrain(): void {}

  write(chunks: readonly Uint8Array[], onSent?: () => void): boolean {
    this.#counts.sends += 1
    this.#counts.sentChunks += chunks.length
    for (const chunk of chunks) this.#counts.sentBytes += chunk.length
    this.last = chunks
    onSent?.()
    this.#whenAnswered()
    return true
  }

  pause(): void {}
  resume(): void {}
  end(): void {}
  destroy(): void {}

  /** Hands the bytes to the server, as a socket does: so many at a time. */
  receive(bytes: Buffer): void {
    for (let position = 0; position < bytes.length; position += socketChunkBytes) {
      this.#data(this.#pass(bytes.subarray(position, position + socketChunkBytes)))
    }
  }

  /** Resolves with the next write. */
  answered(): Promise<void> {
    return new Promise((resolve) => {
      this.#whenAnswered = resolve
    })
  }
}

export class OneConnectionNetwork implements Network {
  #accept: (connection: Connection) => void = () => {}

  async listen(host: string, port: number, onConnection: (connection: Connection) => void) {
    this.#accept = onConnection
    return { host, port: port === 0 ? 9092 : port, close: async () => {} }
  }

  connect(connection: Connection): void {
    this.#accept(connection)
  }
}
