/** What is decided on the way to a broker for a directory, apart from how it is done. */
import type { Chance } from '../../host/chance.ts'
import { limits } from '../../limits.ts'
import { type Address, formatAddress } from '../address.ts'
import { StartError } from '../start-error.ts'

/**
 * Ports that are given away by chance: above those of well-known programs, and below those that operating systems lend to
 * outgoing connections (from 32768 on Linux). From a lent one the program could be kept out by any client's connection; and
 * a client that tries again and again to reach it may reach itself.
 */
const firstPort = 20_000
const lastPort = 32_767

const thisMachine = '127.0.0.1'

export interface Wishes {
  /** Where the directory was served last. */
  readonly remembered: Address | null
  /** 0: any. */
  readonly wantedPort: number
  /** Clients hold the remembered address already. */
  readonly isTakeover: boolean
}

/** The first place where to listen; it matters, so that it is tried again for a moment when it is taken. */
export function firstPlace({ remembered, wantedPort, isTakeover }: Wishes, chance: Chance): Address {
  const host = remembered !== null && isLoopback(remembered.host) ? remembered.host : thisMachine
  if (wantedPort !== 0 && !(isTakeover && remembered !== null)) return { host, port: wantedPort }
  return { host, port: remembered?.port ?? anyPort(chance) }
}

/** When another program has that port: none for who asked for it, before anyone can hold it; else another. */
export function otherPlace(taken: Address, { wantedPort, isTakeover }: Wishes, chance: Chance): Address | null {
  return wantedPort !== 0 && !isTakeover ? null : { host: taken.host, port: anyPort(chance) }
}

/**
 * A directory that was served to a network is taken over for this machine only: the author of a program that opens a
 * directory did not ask for more.
 */
function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127\.\d+\.\d+\.\d+$/.test(host)
}

function anyPort(chance: Chance): number {
  return firstPort + chance.below(lastPort - firstPort + 1)
}

/** Short at first, so that a takeover takes no time; with chance, so that many processes do not look at the same moment. */
export function pauseMs(attempt: number, chance: Chance): number {
  const halfMs = Math.min(limits.takeoverPauseMs / 2, Math.round(4 * 1.3 ** Math.min(attempt, 20)))
  return halfMs + chance.below(halfMs + 1)
}

/**
 * How long an answer is waited for before the lock is looked at again: the silent one may be a stranger who took the port of
 * a broker that died. Longer each time, since it may be our own broker, which recovers its log or is busy.
 */
export function answerMs(silences: number): number {
  return Math.min(limits.peerAnswerMs, 200 * 2 ** Math.min(silences, 10))
}

/** Why there is no broker yet, although another process holds the directory. */
export type Missing =
  /** Nobody says where, or nobody (of ours) is there. */
  | 'unreachable'
  /** Somebody is there, and does not answer. */
  | 'silent'
  /** A program that is no Odradek holds the directory, as Apache Kafka does. */
  | 'foreign'

const patienceMs: Readonly<Record<Missing, number>> = {
  unreachable: limits.openUnreachableMs,
  silent: limits.openSilentMs,
  foreign: 0
}

/** True when whoever opens the directory is better told than kept waiting. */
export function isHopeless(missing: Missing, waitedMs: number): boolean {
  return waitedMs >= patienceMs[missing]
}

/** `inUse` names the process that holds the directory; this tells why its broker cannot be used all the same. */
export function missingBroker(inUse: StartError, missing: Missing, remembered: Address | null): StartError {
  const [what = ''] = inUse.message.split('\n')
  const advice = 'Connect to it by its own address, or stop it and start this program again.'
  return new StartError('directory-in-use', `${what}\n  why: ${reason(missing, remembered)}\n  try: ${advice}`, inUse)
}

function reason(missing: Missing, remembered: Address | null): string {
  if (missing === 'foreign') return 'it is locked as Apache Kafka does it, which does not say where it listens'
  if (remembered === null) return 'that process does not say where it listens'
  const where = formatAddress(remembered)
  return missing === 'silent' ? `whoever is at ${where} does not answer` : `its broker is not at ${where}`
}
