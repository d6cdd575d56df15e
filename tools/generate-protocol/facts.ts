/** The shape of the facts about a message that are kept in `facts/`: those parts of Kafka's schemas that decide about bytes. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

export interface FieldFacts {
  readonly name: string
  readonly type: string
  readonly versions?: string
  readonly nullableVersions?: string
  readonly taggedVersions?: string
  readonly tag?: number
  readonly flexibleVersions?: string
  readonly default?: string | number | boolean | null
  readonly ignorable?: boolean
  readonly mapKey?: boolean
  readonly entityType?: string
  readonly zeroCopy?: boolean
  readonly fields?: readonly FieldFacts[]
}

export interface StructFacts {
  readonly name: string
  readonly versions: string
  readonly fields: readonly FieldFacts[]
}

export interface MessageFacts {
  readonly name: string
  readonly type: string
  readonly apiKey?: number
  readonly listeners?: readonly string[]
  readonly latestVersionUnstable?: boolean
  readonly validVersions: string
  readonly flexibleVersions?: string
  readonly fields?: readonly FieldFacts[]
  readonly commonStructs?: readonly StructFacts[]
}

export interface ErrorFacts {
  readonly code: number
  readonly name: string
  readonly retriable: boolean
}

/** The folders of `facts/` and of `src/protocol/generated/`. */
export const groups = ['api', 'common', 'group-log', 'transaction-log', 'share-log', 'metadata-log', 'storage'] as const
export type Group = (typeof groups)[number]

export const factsFolder = join(import.meta.dirname, 'facts')

export function readMessages(group: Group): MessageFacts[] {
  const folder = join(factsFolder, group)
  const files = readdirSync(folder).filter((file) => file.endsWith('.json'))
  return files.sort().map((file) => JSON.parse(readFileSync(join(folder, file), 'utf8')) as MessageFacts)
}

export function readErrors(): ErrorFacts[] {
  return JSON.parse(readFileSync(join(factsFolder, 'errors.json'), 'utf8')) as ErrorFacts[]
}

export function readKafkaVersion(): string {
  return readFileSync(join(factsFolder, 'VERSION'), 'utf8').trim()
}
