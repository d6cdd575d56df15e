/**
 * The bytes of a file on a simulated disk: as they are now, and as they were at the last sync. What was synced is a view of
 * the same memory for as long as the file only grows, so that appending copies nothing twice.
 */
export class FileContent {
  /** Has room behind `sizeBytes`. */
  #memory: Buffer
  #sizeBytes: number
  /** What a power cut leaves for certain. */
  #synced: Buffer
  /** Views of the memory reach up to here: below it nothing is changed in place. */
  #sharedBytes: number
  /** As it was before it was cut, until a sync has made that safe. */
  #beforeCut: Buffer | null = null
  #syncs = 0
  #syncsBegun = 0
  #watched: { readonly from: number; readonly to: number; isTouched: boolean } | null = null

  /** A file with these bytes, all of them synced. */
  static of(bytes: Uint8Array): FileContent {
    return new FileContent(Buffer.from(bytes))
  }

  private constructor(bytes: Buffer) {
    this.#memory = bytes
    this.#sizeBytes = bytes.length
    this.#synced = bytes
    this.#sharedBytes = bytes.length
  }

  get sizeBytes(): number {
    return this.#sizeBytes
  }

  /** Tells from now on whether somebody has read or changed some of these bytes. */
  watch(from: number, to: number): () => boolean {
    const watched = { from, to, isTouched: false }
    this.#watched = watched
    return () => watched.isTouched
  }

  append(bytes: Uint8Array): void {
    const end = this.#sizeBytes + bytes.length
    if (end > this.#memory.length || this.#sizeBytes < this.#sharedBytes)
      this.#moveTo(Math.max(end, 2 * this.#sizeBytes, 256))
    this.#memory.set(bytes, this.#sizeBytes)
    this.#sizeBytes = end
  }

  writeAt(position: number, bytes: Uint8Array): void {
    this.#touch(position, position + bytes.length)
    const end = Math.max(this.#sizeBytes, position + bytes.length)
    if (end > this.#memory.length || position < this.#sharedBytes) this.#moveTo(Math.max(end, 2 * this.#sizeBytes, 256))
    this.#memory.set(bytes, position)
    this.#sizeBytes = end
  }

  truncate(sizeBytes: number): void {
    this.#touch(sizeBytes, this.#sizeBytes)
    if (sizeBytes < this.#sizeBytes) this.#beforeCut = this.#view()
    this.#sizeBytes = Math.min(this.#sizeBytes, sizeBytes)
  }

  /** What was written before the rest was refused: it is in the file for a moment. */
  appendAndCut(bytes: Uint8Array): void {
    const { sizeBytes } = this
    this.append(bytes)
    this.truncate(sizeBytes)
  }

  /** A bit turns of itself, as disks do: in what was synced as well. */
  flipBit(position: number, bit: number): void {
    const flip = (bytes: Buffer): void => void bytes.writeUInt8(bytes.readUInt8(position) ^ (1 << bit), position)
    if (position < this.#sizeBytes) flip(this.#memory)
    const [now, synced] = [this.#memory, this.#synced]
    const isShared = now.buffer === synced.buffer && now.byteOffset === synced.byteOffset
    if (!isShared && position < synced.length) flip(synced)
  }

  /** A copy. */
  read(position: number, lengthBytes: number): Buffer {
    const end = Math.min(this.#sizeBytes, position + lengthBytes)
    this.#touch(position, end)
    return Buffer.from(this.#memory.subarray(position, Math.max(position, end)))
  }

  /** Takes what is there now; the call that it gives says that the disk has it. A sync that began earlier knows less. */
  beginSync(): () => void {
    const bytes = this.#view()
    const cut = this.#beforeCut
    this.#syncsBegun += 1
    const order = this.#syncsBegun
    return () => {
      if (order < this.#syncs) return
      this.#syncs = order
      this.#synced = bytes
      if (this.#beforeCut === cut) this.#beforeCut = null
    }
  }

  /** As it is now, as it was at the last sync, and before a cut that was not synced. None of them may be changed. */
  views(): { readonly now: Buffer; readonly synced: Buffer; readonly beforeCut: Buffer | null } {
    return { now: this.#view(), synced: this.#synced, beforeCut: this.#beforeCut }
  }

  #touch(from: number, to: number): void {
    const watched = this.#watched
    if (watched !== null && from < watched.to && to > watched.from) watched.isTouched = true
  }

  #view(): Buffer {
    this.#sharedBytes = Math.max(this.#sharedBytes, this.#sizeBytes)
    return this.#memory.subarray(0, this.#sizeBytes)
  }

  /** Into memory that nobody has a view of. */
  #moveTo(capacityBytes: number): void {
    const memory = Buffer.alloc(capacityBytes)
    this.#memory.copy(memory, 0, 0, this.#sizeBytes)
    this.#memory = memory
    this.#sharedBytes = 0
  }
}
