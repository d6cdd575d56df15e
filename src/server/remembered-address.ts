/**
 * A data directory remembers where it was served last, in the file `.address`: a program that wants to use the directory
 * finds the broker there, and whoever serves it next takes the same address, which clients hold. Apache Kafka passes the
 * file over: it looks at directories only (LogManager.loadLogs).
 */
import { type Disk, DiskError } from '../host/disk.ts'
import { writeNewFile } from '../host/new-file.ts'
import { type Address, formatAddress, parseAddress } from './address.ts'

const file = '.address'

/** Null when the directory was never served, or what is there is no address. */
export function rememberedAddress(disk: Disk): Address | null {
  try {
    return disk.exists(file) ? parseAddress(disk.readFile(file).toString('utf8').trim()) : null
  } catch {
    // It cannot be read, or was replaced at this moment: the next look finds it.
    return null
  }
}

/**
 * For whoever serves the directory. Readers see the old or the new; a power cut may lose it, which costs a new port, and so may
 * a full disk: what is on it can be read and made smaller all the same.
 */
export function rememberAddress(disk: Disk, address: Address): void {
  try {
    writeAddress(disk, address)
  } catch (error) {
    if (!(error instanceof DiskError) || error.problem !== 'full') throw error
  }
}

function writeAddress(disk: Disk, address: Address): void {
  const known = rememberedAddress(disk)
  if (known !== null && formatAddress(known) === formatAddress(address)) return
  writeNewFile(disk, file, Buffer.from(`${formatAddress(address)}\n`))
}
