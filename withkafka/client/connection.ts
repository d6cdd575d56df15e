/**
 * The way to the brokers. Whoever cannot be reached at the start is named within two seconds; later on a broker may go
 * away and come back, and the client tries again by itself.
 */
import { connect as connectSocket } from 'node:net'
import { type ISocketFactory, Kafka, type KafkaConfig, type LogEntry, logLevel } from 'kafkajs'
import { tell } from '../program/output.ts'
import { ExitCode, Problem, reasonOf } from '../program/problem.ts'
import './compression.ts'
import { patiently, within } from './patience.ts'

/** All brokers together get this long for their first answer; with the start of Node it makes less than two seconds. */
const firstAnswerMs = 1200
/** While a broker stays away, say so this often. */
const troubleIntervalMs = 5000

/**
 * Returns the addresses as they are, when a broker has answered at one of them. A function is asked again whenever a
 * connection is made, since the brokers of a directory may move to another process.
 */
export async function reachable<Addresses extends string[] | (() => string[])>(brokers: Addresses): Promise<Addresses> {
  const addresses: string[] = typeof brokers === 'function' ? brokers() : brokers
  const attempt = new Kafka({
    brokers: addresses,
    connectionTimeout: firstAnswerMs / addresses.length,
    requestTimeout: firstAnswerMs,
    retry: { retries: addresses.length - 1, initialRetryTime: 1 },
    logLevel: logLevel.NOTHING
  })
  const admin = attempt.admin()
  try {
    await within(firstAnswerMs, admin.connect(), 'it took the connection but gave no answer; perhaps it is not Kafka')
    return brokers
  } catch (error) {
    throw unreachable(addresses, error)
  } finally {
    admin.disconnect().catch(() => {})
  }
}

function unreachable(brokers: readonly string[], error: unknown): Problem {
  const twin = process.argv[1]?.includes('kafkacons') ? 'cons' : 'prod'
  return new Problem({
    what: `cannot reach a Kafka broker at ${brokers.join(', ')}`,
    why: reasonOf(error),
    next: `withkafka/exec.sh up, or npx odradek serve, or no broker at all: npx tsx withoutkafka/${twin}.ts`,
    exitCode: ExitCode.unreachable
  })
}

/**
 * When a broker closes a connection, the library strikes it off its list, and a consumer whose only broker comes back a second
 * later has lost its place in the group by then. Told that the connection broke, it keeps the broker and tries again.
 */
const socketFactory: ISocketFactory = ({ host, port, onConnect }) => {
  const socket = connectSocket({ host, port, noDelay: true, keepAlive: true }, onConnect)
  // It ends a broken connection as often as it notices, which Node takes for a leak.
  socket.setMaxListeners(0)
  return socket.on('end', () => socket.emit('error', new Error('the broker closed the connection')))
}

/** As long as no broker at all can be reached, there is nothing better to do than to wait for one. */
export const retryForever: Omit<KafkaConfig, 'brokers'> = {
  connectionTimeout: 1000,
  requestTimeout: 15_000,
  socketFactory,
  retry: patiently,
  logLevel: logLevel.ERROR,
  logCreator: () => noteTrouble
}

/** The last thing that a connection complained of: the reason to give when patience is over. */
export let lastTrouble: string | undefined
let toldAtMs = Number.NEGATIVE_INFINITY

function noteTrouble({ log }: LogEntry): void {
  const reason = String(log.error ?? log.message)
  lastTrouble = log.broker === undefined ? reason : `${log.broker}: ${reason}`
  const isAway = /^Connection (timeout|error: connect)/.test(log.message)
  if (!isAway || performance.now() - toldAtMs < troubleIntervalMs) return
  toldAtMs = performance.now()
  tell(`no connection to ${log.broker}; trying again`)
}
