/**
 * Reads Java's `.properties` files and maps the client settings they hold to ours.
 *
 * The format is that of java.util.Properties: `#` and `!` comments, `=`, `:` or white space between name and value, a
 * backslash at the end of a line joins it with the next, `\n`, `\t`, `\uXXXX` escapes.
 */
import { wrongUsage } from './cli-error.ts'
import { didYouMean } from './similar.ts'

export interface ClientSettings {
  brokers?: string
  clientId?: string
  acks?: string
  compression?: string
  groupId?: string
  transactionalId?: string
  autoOffsetReset?: string
  isolation?: string
  requestTimeoutMs?: number
  autocommit?: boolean
}

export function parseProperties(text: string): Map<string, string> {
  const properties = new Map<string, string>()
  for (const line of logicalLines(text)) {
    const found = /^((?:\\.|[^\\=:\s])*)(?:\s*[=:]\s*|\s+|$)(.*)$/s.exec(line)
    if (found) properties.set(unescapeProperty(found[1] ?? ''), unescapeProperty(found[2] ?? ''))
  }
  return properties
}

function logicalLines(text: string): string[] {
  const lines: string[] = []
  let pending = ''
  for (const raw of text.split(/\r\n|\r|\n/)) {
    const line = raw.trimStart()
    if (pending === '' && (line === '' || line.startsWith('#') || line.startsWith('!'))) continue
    const trailing = /\\*$/.exec(line)?.[0].length ?? 0
    if (trailing % 2 === 1) {
      pending += line.slice(0, -1)
      continue
    }
    lines.push(pending + line)
    pending = ''
  }
  if (pending !== '') lines.push(pending)
  return lines
}

function unescapeProperty(text: string): string {
  const short: Record<string, string> = { n: '\n', t: '\t', r: '\r', f: '\f' }
  return text.replace(/\\(u[0-9a-fA-F]{4}|.)/gs, (_, escaped: string) =>
    escaped.length === 5 ? String.fromCharCode(Number.parseInt(escaped.slice(1), 16)) : (short[escaped] ?? escaped)
  )
}

/** Each known name, and what it does here. */
const known = new Map<string, (settings: ClientSettings, value: string) => void>(
  Object.entries({
    'bootstrap.servers': (settings, value) => {
      settings.brokers = value
    },
    'client.id': (settings, value) => {
      settings.clientId = value
    },
    acks: (settings, value) => {
      settings.acks = value
    },
    'compression.type': (settings, value) => {
      settings.compression = value
    },
    'group.id': (settings, value) => {
      settings.groupId = value
    },
    'transactional.id': (settings, value) => {
      settings.transactionalId = value
    },
    'auto.offset.reset': (settings, value) => {
      settings.autoOffsetReset = value
    },
    'isolation.level': (settings, value) => {
      settings.isolation = value
    },
    'enable.auto.commit': (settings, value) => {
      settings.autocommit = value !== 'false'
    },
    'request.timeout.ms': (settings, value) => {
      settings.requestTimeoutMs = wholeNumber('request.timeout.ms', value)
    }
  })
)

export const clientSettingNames: readonly string[] = [...known.keys()]

/** Java settings that change nothing here: serializers are bytes, and PLAINTEXT is the only protocol. */
const harmless = new Map<string, RegExp>([
  ['key.serializer', /./],
  ['value.serializer', /./],
  ['key.deserializer', /./],
  ['value.deserializer', /./],
  ['security.protocol', /^PLAINTEXT$/]
])

export function clientSettings(properties: ReadonlyMap<string, string>, source: string): ClientSettings {
  const settings: ClientSettings = {}
  for (const [name, value] of properties) {
    const apply = known.get(name)
    if (apply) apply(settings, value)
    else if (!harmless.get(name)?.test(value)) throw unsupported(name, value, source)
  }
  return settings
}

function unsupported(name: string, value: string, source: string) {
  return wrongUsage(
    `${source} sets ${name}, which is not supported`,
    harmless.has(name)
      ? `${name}=${value} needs a secured connection, which this command line does not speak`
      : `${didYouMean(name, [...clientSettingNames, ...harmless.keys()])}supported are ${clientSettingNames.join(', ')}`
  )
}

function wholeNumber(name: string, value: string): number {
  if (!/^\d{1,9}$/.test(value))
    throw wrongUsage(`${name}=${value} cannot be read`, 'it takes milliseconds, a whole number such as 30000')
  return Number(value)
}
