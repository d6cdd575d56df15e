/**
 * Extracts the facts of the protocol from Apache Kafka's jars: names, types, versions, tags, nullability, defaults. The
 * sentences of the schemas (comments, `about`) stay behind.
 */
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import {
  type ErrorFacts,
  type FieldFacts,
  factsFolder,
  type Group,
  type MessageFacts,
  type StructFacts
} from './facts.ts'

/** Where the jars keep their schemas, and the group that they go to. */
const sources: readonly { readonly jar: string; readonly group: Group }[] = [
  { jar: 'kafka-clients', group: 'api' },
  { jar: 'kafka-group-coordinator', group: 'group-log' },
  { jar: 'kafka-transaction-coordinator', group: 'transaction-log' },
  { jar: 'kafka-share-coordinator', group: 'share-log' },
  { jar: 'kafka-metadata', group: 'metadata-log' },
  { jar: 'kafka-storage', group: 'storage' },
  { jar: 'kafka-raft', group: 'storage' }
]

export function extract(jarsFolder: string): void {
  const kafkaVersion = versionOf(jarsFolder)
  rmSync(factsFolder, { recursive: true, force: true })
  for (const { jar, group } of sources) {
    for (const schema of schemasOf(resolve(jarsFolder, `${jar}-${kafkaVersion}.jar`))) {
      write(schema.type === 'data' && group === 'api' ? 'common' : group, schema)
    }
  }
  writeFileSync(join(factsFolder, 'errors.json'), oneLineEach(errorsOf(jarsFolder)))
  writeFileSync(join(factsFolder, 'VERSION'), `${kafkaVersion}\n`)
}

function versionOf(jarsFolder: string): string {
  for (const file of readdirSync(jarsFolder)) {
    const version = /^kafka-clients-(.+)\.jar$/.exec(file)?.[1]
    if (version !== undefined) return version
  }
  throw new Error(`There is no kafka-clients jar in ${jarsFolder}`)
}

function schemasOf(jar: string): MessageFacts[] {
  const folder = mkdtempSync(join(tmpdir(), 'kafka-schemas-'))
  try {
    execFileSync('jar', ['xf', jar], { cwd: folder })
    const files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    return files
      .filter((file) => /(^|\/)(message|metadata)\/[A-Z]\w*\.json$/.test(file))
      .map((file) => messageFacts(JSON.parse(withoutComments(readFileSync(join(folder, file), 'utf8')))))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function withoutComments(text: string): string {
  return text.replace(/^\s*\/\/.*$/gm, '')
}

function messageFacts(schema: MessageFacts): MessageFacts {
  return {
    name: schema.name,
    type: schema.type,
    ...kept(schema, ['apiKey', 'listeners', 'latestVersionUnstable']),
    validVersions: schema.validVersions,
    ...kept(schema, ['flexibleVersions']),
    fields: schema.fields?.map(fieldFacts) ?? [],
    ...(schema.commonStructs && { commonStructs: schema.commonStructs.map(structFacts) })
  }
}

function structFacts(struct: StructFacts): StructFacts {
  return { name: struct.name, versions: struct.versions, fields: struct.fields.map(fieldFacts) }
}

function fieldFacts(field: FieldFacts): FieldFacts {
  return {
    name: field.name,
    type: field.type,
    ...kept(field, [
      'versions',
      'nullableVersions',
      'taggedVersions',
      'tag',
      'flexibleVersions',
      'default',
      'ignorable'
    ]),
    ...kept(field, ['mapKey', 'entityType', 'zeroCopy']),
    ...(field.fields && { fields: field.fields.map(fieldFacts) })
  }
}

function kept<T extends object, Key extends keyof T>(from: T, keys: readonly Key[]): Partial<Pick<T, Key>> {
  const facts: Partial<Pick<T, Key>> = {}
  for (const key of keys) if (from[key] !== undefined) facts[key] = from[key]
  return facts
}

function write(group: Group, schema: MessageFacts): void {
  mkdirSync(join(factsFolder, group), { recursive: true })
  writeFileSync(join(factsFolder, group, `${schema.name}.json`), `${asText(schema, '')}\n`)
}

/** JSON with a line for each field, so that the next Kafka version reads as a short difference. */
function asText(value: unknown, indent: string): string {
  if (Array.isArray(value) && value.some((item) => typeof item === 'object')) {
    return `[\n${value.map((item) => `${indent}  ${asText(item, `${indent}  `)}`).join(',\n')}\n${indent}]`
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return JSON.stringify(value)
  return `{ ${Object.entries(value)
    .map(([key, item]) => `${JSON.stringify(key)}: ${asText(item, indent)}`)
    .join(', ')} }`
}

function errorsOf(jarsFolder: string): ErrorFacts[] {
  const program = join(import.meta.dirname, 'DumpErrors.java')
  const output = execFileSync('java', ['-cp', join(resolve(jarsFolder), '*'), program], { encoding: 'utf8' })
  const lines = output
    .trim()
    .split('\n')
    .map((line) => line.split(' '))
  return lines.map(([code = '', name = '', retriable]) => ({
    code: Number(code),
    name,
    retriable: retriable === 'true'
  }))
}

function oneLineEach(values: readonly object[]): string {
  return `[\n${values.map((value) => `  ${JSON.stringify(value)}`).join(',\n')}\n]\n`
}
