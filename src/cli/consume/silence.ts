/**
 * Explains silence: whoever waits two seconds for a record learns where the reader stands and how to stop.
 */

import { counted } from '../counted.ts'
import type { Outage } from '../outage.ts'
import { grouped } from '../output.ts'
import type { Terminal } from '../terminal.ts'
import type { Reader } from './reader.ts'

const silenceMs = 2000

export interface SilenceWatch {
  heard(): void
  stop(): void
}

export function watchSilence(reader: Reader, outage: Outage, terminal: Terminal): SilenceWatch {
  let explained = false
  const timer = setTimeout(() => {
    explained = true
    // Silence because the broker is away, or the only partitions cannot be read, has been explained otherwise.
    const isWaitingForAll = reader.positions.size === 0 && reader.passedOver.size > 0
    if (outage.lastsMs === 0 && !isWaitingForAll) terminal.hint(explainSilence(reader))
  }, silenceMs)
  return {
    heard: () => {
      if (!explained) timer.refresh()
    },
    stop: () => clearTimeout(timer)
  }
}

function explainSilence({ positions, waiting }: Reader): string {
  const partitions = counted(positions.size, 'partition')
  const where =
    waiting === 0n ? `at the end of ${partitions}, waiting for records` : `${grouped(waiting)} ahead in ${partitions}`
  return `${where}; Ctrl-C stops, or use --exit`
}
