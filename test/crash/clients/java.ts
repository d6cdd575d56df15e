/** Apache Kafka's VerifiableProducer and VerifiableConsumer: what Kafka's own system tests put under load while brokers die. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { LineProcess } from '../../harness/child-process.ts'
import { javaArguments } from '../../harness/java-tool.ts'
import type { LoadClient, LoadEvent } from './load.ts'

const RECORDS_PER_SECOND = 200
const quick = ['reconnect.backoff.ms=20', 'reconnect.backoff.max.ms=100', 'retry.backoff.ms=20']
/** The program itself asks for no retries; the others are Kafka's defaults, with more patience than one death takes. */
const producer = ['enable.idempotence=true', 'retries=2147483647', 'delivery.timeout.ms=300000', 'max.block.ms=300000']
const consumer = ['heartbeat.interval.ms=300', 'fetch.max.wait.ms=50', 'default.api.timeout.ms=120000']

const closedMessage = 'Cannot perform operation after producer has been closed'

interface Told {
  readonly name: string
  readonly partition?: number
  readonly offset?: number
  readonly value?: string
  readonly acked?: number
  readonly success?: boolean
  readonly error?: string
  readonly message?: string
  readonly exception?: string
  readonly offsets?: readonly { readonly partition: number; readonly offset: number }[]
}

export const java: LoadClient = {
  name: 'Java',
  produce: (bootstrap, topic) =>
    tool(
      'VerifiableProducer',
      bootstrap,
      topic,
      [...quick, ...producer],
      [...['--acks', '-1', '--throughput', String(RECORDS_PER_SECOND), '--repeating-keys', '64']]
    ),
  consume: (bootstrap, topic, group) =>
    tool(
      'VerifiableConsumer',
      bootstrap,
      topic,
      [...quick, ...consumer],
      [...['--group-id', group, '--session-timeout', '6000', '--reset-policy', 'earliest', '--verbose']]
    ),
  eventsOf: (line) => (line.startsWith('{') ? eventsOf(JSON.parse(line)) : []),
  end: (process) => void process.child.kill('SIGTERM')
}

function tool(
  name: string,
  bootstrap: string,
  topic: string,
  settings: readonly string[],
  args: readonly string[]
): LineProcess {
  const directory = join(tmpdir(), `odradek-crash-${process.pid}`)
  mkdirSync(directory, { recursive: true })
  const file = join(directory, `${name}.properties`)
  writeFileSync(file, settings.map((setting) => `${setting}\n`).join(''))
  const common = ['--bootstrap-server', bootstrap, '--topic', topic, '--command-config', file]
  return new LineProcess('java', javaArguments(`org.apache.kafka.tools.${name}`, [...common, ...args]))
}

function eventsOf(told: Told): LoadEvent[] {
  const { partition = -1, offset = -1, value } = told
  switch (told.name) {
    case 'producer_send_success':
      return [{ kind: 'acknowledged', partition, offset, number: Number(value) }]
    case 'producer_send_error':
      // A send that came just when it was told to end, and was not made.
      if (told.message === closedMessage) return []
      return [{ kind: 'failed', what: `${value} was not sent: ${told.exception} ${told.message}` }]
    case 'tool_data':
      return [{ kind: 'written', count: told.acked ?? -1 }]
    case 'record_data':
      return [{ kind: 'read', partition, offset, number: Number(value) }]
    case 'offsets_committed':
      if (told.success !== true) return [{ kind: 'failed', what: `a commit failed: ${told.error}` }]
      return (told.offsets ?? []).map((place) => ({ ...place, kind: 'committed' }))
    default:
      return []
  }
}
