/** Kafka's API keys by name, and what the schemas say of each (Kafka: org.apache.kafka.common.protocol.ApiKeys). */
import { type ApiFacts, apiFacts } from './generated/api-keys.ts'

export { type ApiFacts, ApiKey, apiFacts } from './generated/api-keys.ts'

const factsByKey: (ApiFacts | undefined)[] = []
for (const facts of apiFacts) factsByKey[facts.key] = facts

/** Undefined for a key that Kafka does not know. */
export function apiFactsOf(apiKey: number): ApiFacts | undefined {
  return factsByKey[apiKey]
}

export function apiName(apiKey: number): string {
  return factsByKey[apiKey]?.name ?? `API_${apiKey}`
}
