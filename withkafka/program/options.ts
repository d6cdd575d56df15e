/** Reads options as Node does it (util.parseArgs); what cannot be understood is wrong usage, exit code 2. */
import { type ParseArgsConfig, parseArgs } from 'node:util'
import { reasonOf, wrongUsage } from './problem.ts'

/**
 * Where the brokers come from. It is all that the programs with and without Kafka differ in: a real Kafka is named by an
 * address, the one without a server by the directory that holds its data.
 */
export interface Place {
  readonly option: 'bootstrap-server' | 'directory'
  readonly help: string
  readonly byDefault: string
}

export const bootstrapServer: Place = {
  option: 'bootstrap-server',
  help: `--bootstrap-server HOST:PORT[,…]
                         brokers to ask first (environment: KAFKA_BROKERS; else
                         localhost:9092)`,
  byDefault: process.env.KAFKA_BROKERS || 'localhost:9092'
}

export const directory: Place = {
  option: 'directory',
  help: '--directory DIR        where the data lives (./odradek-data)',
  byDefault: './odradek-data'
}

export function parseOptions<Config extends ParseArgsConfig>(config: Config): ReturnType<typeof parseArgs<Config>> {
  try {
    return parseArgs(config)
  } catch (error) {
    throw wrongUsage(...inOurWords(reasonOf(error), Object.keys(config.options ?? {})))
  }
}

/** Node tells how to write what it takes for an argument; the reader meant an option. */
function inOurWords(reason: string, options: readonly string[]): [what: string, why: undefined, next: string] {
  const [, argument] = /^Unexpected argument '([^']*)'/.exec(reason) ?? []
  if (argument !== undefined) return [`Unexpected argument '${argument}'`, undefined, `--topic ${argument}`]
  const [, dashes, name = ''] = /^Unknown option '(-+)([^']*)'/.exec(reason) ?? []
  if (dashes === undefined) return [reason, undefined, '--help lists all options']
  const meant = options.find((option) => name.length > 1 && (option.startsWith(name) || name.startsWith(option)))
  const place =
    /^(b|brokers?|bootstrap-servers?|servers?)$/.test(name) && options.find((one) => one === 'bootstrap-server')
  const suggested = place || meant
  const next = suggested ? `--${suggested}   (--help lists all options)` : '--help lists all options'
  return [`Unknown option '${dashes}${name}'`, undefined, next]
}

export function oneOf<const Name extends string>(option: string, value: string, names: readonly Name[]): Name {
  const found = names.find((name) => name === value)
  if (found === undefined) throw wrongUsage(`--${option} ${value} is not known`, `it is one of ${names.join(', ')}`)
  return found
}

export function parseBrokers(text: string): string[] {
  const brokers = text.split(',').map((broker) => broker.trim())
  for (const broker of brokers) {
    const [, port] = /^(?:\[[0-9a-fA-F:.]+\]|[^:[\]\s]+):(\d{1,5})$/.exec(broker) ?? []
    if (port === undefined || Number(port) < 1 || Number(port) > 65_535)
      throw wrongUsage(`'${broker}' is not the address of a broker`, 'it looks like localhost:9092')
  }
  return brokers
}

export function parseSeconds(option: string, text: string): number {
  const seconds = Number(text)
  if (!(seconds > 0 && seconds <= 86_400)) throw wrongUsage(`--${option} ${text} is not a number of seconds`)
  return seconds * 1000
}
