/**
 * A data directory remembers where it was served last, in the file `.address`: a program that wants to use the directory
 * finds the broker there, and whoever serves it next takes the same address, which clients hold. Apache Kafka passes the
 * file over: it looks at directories only (LogManager.loadLogs).
 */
import type { Disk } from '../host/disk.ts'
import { type Address, formatAddress, parseAddress } from './address.ts'

const file = '.address'
const beside = '.address.tmp'

/** Null when the directory was never served, or what is there is no address. */
export function rememberedAddress(disk: Disk): Address | null {
  try {
    return disk.exists(file) ? parseAddress(disk.readFile(file).toString('utf8').trim()) : null
  } catch {
    // It cannot be read, or was replaced at this moment: the next look finds it.
    return null
  }
}

/** For whoever serves the directory. Readers see the old or the new; a power cut may lose it, which costs a new port. */
export function rememberAddress(disk: Disk, address: Address): void {
  const known = rememberedAddress(disk)
  if (known !== null && formatAddress(known) === formatAddress(address)) return
  disk.remove(beside)
  const handle = disk.open(beside, 'create')
  try {
    handle.append([Buffer.from(`${formatAddress(address)}\n`)])
  } finally {
    handle.close()
  }
  disk.rename(beside, file)
}
