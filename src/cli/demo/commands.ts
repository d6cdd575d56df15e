/**
 * What a person can tell the demo, from keys on a terminal or from lines on a pipe.
 */
import { asCalled } from '../own-name.ts'
import type { ServiceName } from './services.ts'
import { serviceNames } from './services.ts'

/** To the demo itself. */
export type DemoCommand =
  | { readonly kind: 'scale'; readonly service: ServiceName; readonly members: number }
  | { readonly kind: 'pause' | 'resume' | 'kill' | 'kill-one' | 'restart'; readonly service: ServiceName }
  | { readonly kind: 'rate'; readonly perSecond: number }
  | { readonly kind: 'kill-broker' | 'start-broker'; readonly broker: number }

/** To the one who shows it. */
export type ShowCommand =
  | { readonly kind: 'select'; readonly service: ServiceName }
  | { readonly kind: 'move'; readonly by: 1 | -1 }
  | { readonly kind: 'voice' }
  /** All keys, or no longer. */
  | { readonly kind: 'help' }

export type Command = DemoCommand | ShowCommand | { readonly kind: 'quit' }

/** What a key means depends on what is selected and how it stands there. */
export interface KeyContext {
  readonly selected: ServiceName
  readonly wanted: number
  readonly paused: boolean
  readonly ratePerSecond: number
  readonly brokers: readonly BrokerSight[]
}

/** One of the brokers that the demo has brought. */
export interface BrokerSight {
  readonly id: number
  readonly isRunning: boolean
}

/** Cuts what a terminal sends in raw mode into keys; arrows come as three characters. */
export function keysOf(chunk: string): string[] {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: terminals send escape sequences for arrows
  return chunk.match(/\u001b(?:\[|O)[0-9;]*[A-Za-z~]|[\s\S]/g) ?? []
}

export function commandOfKey(
  key: string,
  { selected, wanted, paused, ratePerSecond, brokers }: KeyContext
): Command | undefined {
  const service = serviceNames[Number(key) - 1]
  if (service !== undefined) return { kind: 'select', service }
  switch (key) {
    case '\u001b[A':
    case '\u001bOA':
      return { kind: 'move', by: -1 }
    case '\u001b[B':
    case '\u001bOB':
    case '\t':
      return { kind: 'move', by: 1 }
    case '+':
    case '=':
      return { kind: 'scale', service: selected, members: wanted + 1 }
    case '-':
    case '_':
      return { kind: 'scale', service: selected, members: wanted - 1 }
    case 'p':
    case ' ':
      return { kind: paused ? 'resume' : 'pause', service: selected }
    case 'k':
      return { kind: 'kill', service: selected }
    case 'x':
      return { kind: 'kill-one', service: selected }
    case 'r':
      return { kind: 'restart', service: selected }
    case '>':
    case '.':
      return { kind: 'rate', perSecond: ratePerSecond * 2 }
    case '<':
    case ',':
      return { kind: 'rate', perSecond: ratePerSecond / 2 }
    case 'b':
      return nextOfBrokers(brokers)
    case 'v':
      return { kind: 'voice' }
    case '?':
    case 'h':
      return { kind: 'help' }
    case 'q':
    case '\u0003':
    case '\u0004':
      return { kind: 'quit' }
  }
  return undefined
}

/** What to say of a key that does nothing. */
export function unknownKey(key: string): string {
  if (key === 'b') return asCalled('b kills one of several brokers: odradek demo --brokers 3 brings them')
  return `${/^[!-~]$/.test(key) ? key : 'that key'} does nothing here; ? shows all keys`
}

/** One that is dead comes back; else one is killed. Undefined where there are none to kill. */
function nextOfBrokers(brokers: readonly BrokerSight[]): Command | undefined {
  const dead = brokers.find(({ isRunning }) => !isRunning)
  if (dead !== undefined) return { kind: 'start-broker', broker: dead.id }
  const [first] = brokers
  return first && { kind: 'kill-broker', broker: first.id }
}

export const lineHelp =
  'kill|kill-one|restart|pause|resume SERVICE, scale SERVICE N, rate N, kill-broker|start-broker N, quit'

/** `kill payments`, `scale kitchen 3`, `rate 10`, `quit`; undefined for anything else. */
export function commandOfLine(line: string): Command | undefined {
  const [verb = '', first = '', second = ''] = line.trim().toLowerCase().split(/\s+/)
  if (verb === 'quit') return { kind: 'quit' }
  if (verb === 'rate') return Number(first) > 0 ? { kind: 'rate', perSecond: Number(first) } : undefined
  if (verb === 'kill-broker' || verb === 'start-broker')
    return /^\d+$/.test(first) ? { kind: verb, broker: Number(first) } : undefined
  const service = serviceNames.find((name) => name === first)
  if (service === undefined) return undefined
  switch (verb) {
    case 'pause':
    case 'resume':
    case 'kill':
    case 'kill-one':
    case 'restart':
      return { kind: verb, service }
    case 'scale':
      return /^\d+$/.test(second) ? { kind: 'scale', service, members: Number(second) } : undefined
  }
  return undefined
}
