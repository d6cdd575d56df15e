/**
 * Explains silence: whoever waits two seconds for a record learns where the reader stands and how to stop.
 */

import { counted } from '../counted.ts'
import type { Outage } from '../outage.ts'
import { grouped } from '../output.ts'
import { asCalled } from '../own-name.ts'
import type { Terminal } from '../terminal.ts'
import type { Reader } from './reader.ts'

const silenceMs = 2000

export interface SilenceWatch {
  heard(): void
  stop(): void
}

/** `explain`: tells more than one line, where that was asked for. */
export function watchSilence(
  reader: Reader,
  outage: Outage,
  terminal: Terminal,
  explain: (() => void) | undefined
): SilenceWatch {
  let explained = false
  const timer = setTimeout(() => {
    explained = true
    // Silence because the broker is away, or the only partitions cannot be read, has been explained otherwise.
    const isWaitingForAll = reader.positions.size === 0 && reader.passedOver.size > 0
    if (outage.lastsMs > 0 || isWaitingForAll) return
    terminal.hint(explainSilence(reader))
    explain?.()
  }, silenceMs)
  return {
    heard: () => {
      if (!explained) timer.refresh()
    },
    stop: () => clearTimeout(timer)
  }
}

function explainSilence({ positions, waiting, heldBack }: Reader): string {
  const partitions = counted(positions.size, 'partition')
  const end = heldBack === 0n ? `the end of ${partitions}` : `the end of what is committed in ${partitions}`
  const awaited =
    heldBack === 0n
      ? 'waiting for records'
      : `waiting for the open transaction that holds back ${counted(heldBack, 'offset')} (${asCalled('odradek transactions list --state ongoing')})`
  const where = waiting === 0n ? `at ${end}, ${awaited}` : `${grouped(waiting)} ahead in ${partitions}`
  return `${where}; Ctrl-C stops, or use --exit`
}
