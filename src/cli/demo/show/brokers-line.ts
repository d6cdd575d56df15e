/** The brokers that the demo has brought, on one line: to a guest they are buildings, each with a copy of everything. */
import type { Style } from '../../terminal.ts'
import type { DemoState } from '../state.ts'
import { lineOf } from './cells.ts'
import type { Voice } from './sentences.ts'

interface Look {
  readonly columns: number
  readonly style: Style
  readonly voice: Voice
}

const words = {
  guest: { what: 'Buildings', running: 'open', dead: 'closed' },
  engineer: { what: 'Brokers', running: 'running', dead: 'killed' }
} as const

/** Empty where there are not several. */
export function brokersLine({ ownBrokers }: Pick<DemoState, 'ownBrokers'>, { columns, style, voice }: Look): string {
  if (ownBrokers.length === 0) return ''
  const { what, running, dead } = words[voice]
  const isOneDead = ownBrokers.some(({ isRunning }) => !isRunning)
  const cells = ownBrokers.map(({ id, isRunning }) => ({
    text: `  ${id} ${isRunning ? running : dead}`,
    paint: isRunning ? style.green : style.red
  }))
  const key = { text: `   b ${isOneDead ? 'starts it again' : 'kills one of them'}`, paint: style.dim }
  return lineOf([{ text: `  ${what}:` }, ...cells, key], columns)
}
