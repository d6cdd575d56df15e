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
    throw wrongUsage(reasonOf(error), undefined, '--help lists all options')
  }
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
