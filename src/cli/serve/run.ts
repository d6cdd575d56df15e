/**
 * Runs `serve`: starts the broker, says where it is and what to do next, and stops it cleanly when asked to.
 */
import { resolve } from 'node:path'
import type { Kafka, KafkaOptions } from '../../index.ts'
import { CliError, wrongUsage } from '../cli-error.ts'
import type { Flags, Invocation } from '../command.ts'
import { ExitCode } from '../exit-codes.ts'
import { parseAddress } from '../global-options.ts'
import { parseConfigs, parsePort } from '../human-values.ts'
import { asCalled } from '../own-name.ts'
import { version } from '../version.ts'
import { parseBrokerCount } from './broker-count.ts'
import { serverProperties } from './server-properties.ts'
import { startFailure } from './start-failure.ts'
import { stopFailure, stoppedItself } from './stop-failure.ts'

const defaultDirectory = './odradek-data'
/** A server with nothing else to do must not end by itself. */
const forEverMs = 2 ** 30

export async function runServe(invocation: Invocation): Promise<ExitCode> {
  const options = readServeOptions(invocation.flags)
  if (invocation.flags.has('serverProperties')) {
    await invocation.terminal.write(printedProperties(options))
    return ExitCode.done
  }
  const { startKafka } = await import('../../index.ts')
  const startedMs = performance.now()
  const broken = new AbortController()
  const log = (line: string): void => invocation.terminal.hint(line)
  const kafka = await startKafka({ ...options, log, onBroken: (reason) => broken.abort(reason) }).catch(
    async (error: unknown) => {
      throw (await takenByKafka(error, options)) ?? startFailure(error)
    }
  )
  const closeDoor = kafka.brokers.length > 1 ? await doorOf(kafka, invocation) : undefined
  await announce(invocation, kafka.brokers, options, performance.now() - startedMs)
  await interruption(AbortSignal.any([invocation.interrupted, broken.signal]))
  invocation.terminal.hint('stopping …')
  closeDoor?.()
  await kafka.stop().catch((error: unknown) => {
    throw stopFailure(error)
  })
  if (broken.signal.aborted) throw stoppedItself(broken.signal.reason)
  invocation.terminal.hint(options.directory === undefined ? 'stopped' : `stopped; the data is in ${options.directory}`)
  return ExitCode.done
}

/** Other commands of this user come in by it; without one the brokers serve all the same. */
async function doorOf(kafka: Kafka, { terminal }: Invocation): Promise<(() => void) | undefined> {
  const { openDoor } = await import('./door.ts')
  const ports = kafka.brokers.map((_, index) => kafka.broker(index + 1).port)
  return await openDoor(kafka, ports).catch((error: unknown) => {
    const why = error instanceof Error ? error.message : String(error)
    terminal.hint(terminal.err.yellow(asCalled(`"odradek brokers stop" will not reach these brokers: ${why}`)))
    return undefined
  })
}

/** Most often it is a first `serve` that still runs, in another terminal. */
async function takenByKafka(error: unknown, options: KafkaOptions): Promise<unknown> {
  if (!(error instanceof Error && 'problem' in error && error.problem === 'port-in-use')) return undefined
  const { freePortsAfter, kafkaAmong } = await import('./who-answers.ts')
  const { host = 'localhost', port = 0, brokers = 1, directory } = options
  const reached = isEveryAddress(host) ? 'localhost' : host
  const taken = await kafkaAmong(reached, port, brokers)
  if (taken === undefined) return undefined
  const address = `${reached.includes(':') ? `[${reached}]` : reached}:${taken}`
  const free = await freePortsAfter(reached, taken, brokers)
  const other = `odradek serve${brokers === 1 ? '' : ` --brokers ${brokers}`} --port ${free} ${directory === undefined ? '--memory' : '--data DIRECTORY'}`
  return new CliError({
    what: `port ${taken} is in use: a Kafka broker answers at ${address} already`,
    why: 'perhaps an "odradek serve" in another terminal',
    next: `odradek topics list${address === 'localhost:9092' ? '' : ` -b ${address}`}   (use it), or choose another port: ${other}`,
    cause: error
  })
}

function printedProperties({ directory, host, port, advertise, config, brokers = 1 }: KafkaOptions): string {
  if (brokers > 1)
    throw wrongUsage(
      '--server-properties is for the directory of one broker',
      'each of several gets a file of its own',
      `odradek graduate DIRECTORY --brokers ${brokers}`
    )
  if (directory === undefined) throw wrongUsage('--memory leaves no directory to move', 'say which with --data')
  if (port === 0) throw wrongUsage('--port 0 is a port that is not known before', 'say which with --port')
  const named = isEveryAddress(host) ? 'localhost' : host
  const address = advertise ?? `${named?.includes(':') ? `[${named}]` : named}:${port}`
  return serverProperties({ directory, address, config: config ?? {} })
}

function isEveryAddress(host: string | undefined): boolean {
  return host === '0.0.0.0' || host === '::'
}

function isThisMachineOnly(host = 'localhost'): boolean {
  return host === 'localhost' || host === '::1' || host.startsWith('127.')
}

export function readServeOptions(flags: Flags): KafkaOptions {
  const memory = flags.has('memory')
  if (memory && flags.text('data') !== undefined) throw wrongUsage('--memory and --data exclude each other')
  const port = flags.parsed('port', parsePort) ?? 9092
  const brokers = flags.parsed('brokers', parseBrokerCount) ?? 1
  const racks = flags.text('racks')?.split(',')
  const advertise = flags.text('advertise')
  if (advertise !== undefined) parseAddress(advertise)
  return {
    ...(memory ? {} : { directory: resolve(flags.text('data') ?? defaultDirectory) }),
    host: flags.text('host') ?? 'localhost',
    port,
    ...(brokers === 1 ? {} : { brokers }),
    ...(racks === undefined ? {} : { racks }),
    ...(advertise === undefined ? {} : { advertise }),
    durability: flags.text('durability') === 'os' ? 'os' : 'disk',
    topics: Object.fromEntries(flags.list('topic').map(parseTopic)),
    config: {
      ...(flags.has('autoCreate') ? { 'auto.create.topics.enable': 'true' } : {}),
      ...parseConfigs(flags.list('config'))
    }
  }
}

function parseTopic(text: string): [string, { partitions?: number }] {
  const found = /^([A-Za-z0-9._-]{1,249})(?::(\d{1,5}))?$/.exec(text)
  if (!found?.[1]) throw wrongUsage(`"${text}" is not a topic`, 'a topic looks like orders or orders:3')
  return [found[1], found[2] === undefined ? {} : { partitions: Number(found[2]) }]
}

async function announce(
  { terminal, global }: Invocation,
  brokers: readonly string[],
  options: KafkaOptions,
  tookMs: number
): Promise<void> {
  const { bold, cyan, dim, green } = terminal.err
  const address = brokers.join(', ')
  const other = address === 'localhost:9092' ? '' : ` -b ${brokers[0]}`
  terminal.hint(
    `${bold(`Odradek ${version}`)}  Kafka on ${green(address)}  ${dim(`ready in ${Math.round(tookMs)} ms`)}`
  )
  terminal.hint(options.directory === undefined ? 'data   in memory only' : `data   ${options.directory}`)
  terminal.hint(`try    ${cyan(asCalled(`odradek produce orders 'hello'${other}`))}`)
  terminal.hint(`       ${cyan(asCalled(`odradek consume orders${other}`))}`)
  if (!isThisMachineOnly(options.host)) {
    terminal.hint(
      terminal.err.yellow('anybody who reaches this machine can read, write and delete: there are no passwords')
    )
  }
  terminal.hint(dim(options.directory === undefined ? 'Ctrl-C stops' : 'Ctrl-C stops; data stays'))
  if (terminal.stdoutIsTty && global.output === undefined) return
  await terminal.write(`${JSON.stringify({ event: 'ready', brokers, directory: options.directory ?? null })}\n`)
}

async function interruption(interrupted: AbortSignal): Promise<void> {
  if (interrupted.aborted) return
  const alive = setInterval(() => {}, forEverMs)
  await new Promise<void>((done) => interrupted.addEventListener('abort', () => done(), { once: true }))
  clearInterval(alive)
}
