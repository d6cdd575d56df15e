/**
 * The options that every command takes, and where their values come from: flag, then `-X` and the properties file, then
 * environment, then localhost:9092.
 */
import { readFileSync } from 'node:fs'
import { wrongUsage } from './cli-error.ts'
import { type Flags, flagsOf, type GlobalOptions, type OptionDefinition } from './command.ts'
import { parseDurationMs } from './human-values.ts'
import { shellWord } from './own-name.ts'
import { type ClientSettings, clientSettingNames, clientSettings, parseProperties } from './properties.ts'
import type { GivenOption } from './typed-line.ts'
import { whyUnreadable } from './unreadable-file.ts'
import { longestTimerMs } from './waiting.ts'

/** 24 days. A request gets a second more than the broker that answers it, and that is a timer too. */
const longestTimeoutMs = longestTimerMs - 1000

export const outputFormats = ['json', 'jsonl', 'yaml', 'csv', 'raw', 'table'] as const
export type OutputFormat = (typeof outputFormats)[number]

export const globalOptionDefinitions: readonly OptionDefinition[] = [
  {
    flags: '-b, --bootstrap-server <host:port,...>',
    description: 'brokers to ask first',
    otherwise: 'the environment variable KAFKA_BROKERS or KAFKA_BOOTSTRAP_SERVERS, else localhost:9092',
    synonyms: { '--brokers': ['--bootstrap-server'] }
  },
  {
    flags: '--command-config <file>',
    description: "a Java client's .properties file",
    synonyms: { '--producer.config': ['--command-config'], '--consumer.config': ['--command-config'] }
  },
  {
    flags: '-X <name=value>',
    description: 'one setting of such a file',
    repeatable: true,
    words: clientSettingNames.map((name) => `${name}=`)
  },
  {
    flags: '-o, --output <format>',
    description: 'how results are written',
    choices: outputFormats,
    otherwise: 'table on a terminal, jsonl in a pipe'
  },
  {
    flags: '--timeout <duration>',
    description: 'longest wait for an answer; of consume: the whole command; of produce: for a broker that is away',
    otherwise: '5s, of consume and produce none'
  },
  { flags: '-q, --quiet', description: 'nothing on standard error but errors' },
  { flags: '-v, --verbose', description: 'with errors: where they came from' },
  { flags: '--no-color', description: 'plain text, also on a terminal, as with the environment variable NO_COLOR' },
  { flags: '--utc', description: 'read and show times in UTC' },
  { flags: '--local', description: "read and show times in this machine's zone, as without either" },
  { flags: '-y, --yes', description: 'answer every confirmation with yes' }
]

/** What was given of them to say which cluster, and how to speak with it, as it is typed: ` -b prod:9092 -X client.id=me`. */
export function connectionOptions(given: readonly GivenOption[]): string {
  return given
    .flatMap(({ option, value }) => {
      const flag = connectionFlags.find((one) => flagsOf(option).includes(one))
      return flag === undefined ? [] : [` ${flag} ${shellWord(value)}`]
    })
    .join('')
}

const connectionFlags = ['-b', '--command-config', '-X']

export function resolveGlobalOptions(flags: Flags, env: Readonly<Record<string, string | undefined>>): GlobalOptions {
  const settings = resolveSettings(flags)
  const brokers =
    flags.text('bootstrapServer') ??
    settings.brokers ??
    // Set to nothing is not set.
    (env.KAFKA_BROKERS || env.KAFKA_BOOTSTRAP_SERVERS || 'localhost:9092')
  return {
    brokers: parseBrokers(brokers),
    settings,
    output: flags.text('output'),
    timeoutMs: flags.parsed('timeout', (text) => Math.min(parseDurationMs(text), longestTimeoutMs)),
    quiet: flags.has('quiet'),
    verbose: flags.has('verbose'),
    yes: flags.has('yes')
  }
}

function resolveSettings(flags: Flags): ClientSettings {
  const file = flags.text('commandConfig')
  const fromFile = file === undefined ? {} : clientSettings(parseProperties(readProperties(file)), file)
  const fromFlags = clientSettings(parseProperties(flags.list('X').join('\n')), '-X')
  return { ...fromFile, ...fromFlags }
}

function readProperties(file: string): string {
  try {
    return readFileSync(file, 'latin1')
  } catch (error) {
    throw wrongUsage(`cannot read ${file}`, whyUnreadable(error))
  }
}

export function parseBrokers(text: string): string[] {
  const brokers = text
    .split(',')
    .map((broker) => broker.trim())
    .filter((broker) => broker !== '')
  if (brokers.length === 0) throw wrongUsage('no broker address was given', 'an address looks like localhost:9092')
  for (const broker of brokers) parseAddress(broker)
  return brokers
}

export interface Address {
  readonly host: string
  readonly port: number
}

/** `host`, `host:port`, `[::1]:port`. */
export function parseAddress(text: string): Address {
  const found = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]/\s]+))(?::(\d{1,5}))?$/.exec(text)
  const host = found?.[1] ?? found?.[2]
  const port = Number(found?.[3] ?? 9092)
  if (host === undefined || port > 65_535) {
    throw wrongUsage(`"${text}" is not an address`, 'an address looks like localhost:9092')
  }
  return { host, port }
}
