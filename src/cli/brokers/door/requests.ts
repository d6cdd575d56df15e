/** What is asked at the door of a process that serves several brokers, and what it answers: one line of JSON each way. */

/** What can be done to one broker. */
export const deeds = ['stop', 'start', 'restart', 'kill'] as const
export type Deed = (typeof deeds)[number]

export interface DoorRequest {
  /** The bootstrap address by which the reader named the cluster. */
  readonly at: string
  /** Null: only tell. */
  readonly deed: { readonly what: Deed; readonly broker: number } | null
}

export interface ServedBroker {
  readonly id: number
  readonly address: string
  readonly rack: string | null
  readonly isRunning: boolean
}

/** 'elsewhere': the address that was named is not of these brokers. */
export type DoorAnswer =
  | { readonly kind: 'done'; readonly brokers: readonly ServedBroker[] }
  | { readonly kind: 'elsewhere' }
  | { readonly kind: 'no such broker'; readonly brokers: readonly ServedBroker[] }
  | { readonly kind: 'failed'; readonly message: string }

/** Undefined for what is no request: a program of another version asks, or none of ours. */
export function parseRequest(line: string): DoorRequest | undefined {
  const { at, deed = null } = parseObject(line)
  if (typeof at !== 'string') return undefined
  if (deed === null) return { at, deed }
  if (typeof deed !== 'object' || !('what' in deed) || !('broker' in deed)) return undefined
  const { what, broker } = deed
  const known = deeds.find((one) => one === what)
  return known === undefined || typeof broker !== 'number' ? undefined : { at, deed: { what: known, broker } }
}

function parseObject(line: string): { readonly at?: unknown; readonly deed?: unknown } {
  try {
    const value: unknown = JSON.parse(line)
    return typeof value === 'object' && value !== null ? value : {}
  } catch {
    return {}
  }
}
