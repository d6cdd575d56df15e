/**
 * The configurations of client metrics subscriptions (KIP-714; Kafka: ClientMetricsConfigs). They can be kept and listed; no
 * metrics are asked of clients, as by a Kafka without a reporter plugin.
 */
import { type ConfigDefinitions, listOf } from './definition.ts'

const matchable = [
  'client_id',
  'client_instance_id',
  'client_software_name',
  'client_software_version',
  'client_source_address',
  'client_source_port'
]

function checkPatterns(value: string): string | null {
  const wrong = listOf(value).find((pattern) => !isPattern(pattern))
  return wrong === undefined ? null : `Illegal client matching pattern: ${wrong}`
}

function isPattern(text: string): boolean {
  const [, name = '', expression = ''] = /^([^=]+)=(.+)$/.exec(text) ?? []
  try {
    new RegExp(expression.trim())
    return matchable.includes(name.trim())
  } catch {
    return false
  }
}

export const clientMetricsConfigDefinitions: ConfigDefinitions = {
  'interval.ms': { type: 'int', default: '300000' },
  match: { type: 'list', default: '', check: checkPatterns },
  metrics: { type: 'list', default: '' }
}
