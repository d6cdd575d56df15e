/** How much memory a process holds, as the kernel counts it. */
import { readFileSync } from 'node:fs'

function kilobytes(pid: number, field: string): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  return Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(status)?.[1] ?? Number.NaN)
}

export function residentBytes(pid: number): number {
  return kilobytes(pid, 'VmRSS') * 1024
}

/** The most it ever held. */
export function peakResidentBytes(pid: number): number {
  return kilobytes(pid, 'VmHWM') * 1024
}
