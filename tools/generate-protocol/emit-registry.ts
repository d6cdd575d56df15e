/** The files of `src/protocol/generated/` that are about all messages: registries, API keys, error codes. */
import { fileHeader, flexibleFrom, highestVersion, kebabCase, lowestVersion } from './emit-message.ts'
import type { ErrorFacts, Group } from './facts.ts'
import { camelCase, type MessageModel } from './model.ts'

export function registryFile(group: Group, models: readonly MessageModel[], kafkaVersion: string): string {
  const names = models.map((model) => model.facts.name)
  const lines = [
    fileHeader(kafkaVersion),
    `import type { AnyMessage } from '../../message.ts'`,
    ...names.map((name) => `import { ${name} } from './${kebabCase(name)}.ts'`),
    '',
    `/** Every message of ${group}. */`,
    `export const ${camelCase(group.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase()))}Messages: readonly AnyMessage[] = [`,
    `${names.map((name) => `  ${name}`).join(',\n')}`,
    ']'
  ]
  if (group === 'api') lines.push('', ...apiLines(models))
  return `${lines.join('\n')}\n`
}

interface ApiModels {
  readonly key: number
  readonly name: string
  readonly request: MessageModel
  readonly response: MessageModel
}

/** Requests with their responses in the order of their keys, those without any valid version as well. */
function apisOf(models: readonly MessageModel[]): ApiModels[] {
  const apis: ApiModels[] = []
  for (const request of models) {
    if (request.facts.type !== 'request') continue
    const name = request.facts.name.replace(/Request$/, '')
    const response = models.find((model) => model.facts.name === `${name}Response`)
    if (response === undefined) throw new Error(`${name} has no response`)
    apis.push({ key: request.facts.apiKey ?? -1, name, request, response })
  }
  return apis.sort((one, other) => one.key - other.key)
}

function apiLines(models: readonly MessageModel[]): string[] {
  return [
    'export interface ApiCodecs {',
    '  readonly key: number',
    '  readonly name: string',
    '  readonly request: AnyMessage',
    '  readonly response: AnyMessage',
    '}',
    '',
    '/** Request and response of every API key that has versions, in the order of the keys. */',
    'export const apiCodecs: readonly ApiCodecs[] = [',
    apisOf(models)
      .map(({ key, name }) => `  { key: ${key}, name: '${name}', request: ${name}Request, response: ${name}Response }`)
      .join(',\n'),
    ']'
  ]
}

export function apiKeysFile(models: readonly MessageModel[], kafkaVersion: string): string {
  const apis = apisOf(models)
  const rows = apis.map(({ key, name, request, response }) => {
    const versions = `lowestVersion: ${lowestVersion(request)}, highestVersion: ${highestVersion(request)}`
    const flexible = `requestFlexibleFrom: ${flexibleFrom(request)}, responseFlexibleFrom: ${flexibleFrom(response)}`
    const unstable = `latestVersionUnstable: ${request.facts.latestVersionUnstable === true}`
    const listeners = `listeners: [${(request.facts.listeners ?? []).map((listener) => `'${listener}'`).join(', ')}]`
    return `  { key: ${key}, name: '${name}', ${versions}, ${flexible}, ${unstable}, ${listeners} }`
  })
  return `${[
    fileHeader(kafkaVersion),
    'export const ApiKey = {',
    apis.map(({ key, name }) => `  ${name}: ${key}`).join(',\n'),
    '} as const',
    'export type ApiKey = (typeof ApiKey)[keyof typeof ApiKey]',
    '',
    'export interface ApiFacts {',
    '  readonly key: number',
    '  readonly name: string',
    '  readonly lowestVersion: number',
    '  /** Below `lowestVersion` when Kafka serves no version any more. */',
    '  readonly highestVersion: number',
    '  readonly requestFlexibleFrom: number',
    '  readonly responseFlexibleFrom: number',
    '  readonly latestVersionUnstable: boolean',
    '  readonly listeners: readonly string[]',
    '}',
    '',
    '/** What the schemas say about each API, in the order of the keys. */',
    'export const apiFacts: readonly ApiFacts[] = [',
    rows.join(',\n'),
    ']'
  ].join('\n')}\n`
}

export function errorCodesFile(errors: readonly ErrorFacts[], kafkaVersion: string): string {
  const retriable = errors.filter((error) => error.retriable).map((error) => error.code)
  return `${[
    fileHeader(kafkaVersion),
    'export const ErrorCode = {',
    errors.map(({ code, name }) => `  ${name}: ${code}`).join(',\n'),
    '} as const',
    'export type ErrorCode = (typeof ErrorCode)[keyof typeof ErrorCode]',
    '',
    '/** The errors after which a client may send the same request again. */',
    `export const retriableErrorCodes: ReadonlySet<number> = new Set([${retriable.join(', ')}])`
  ].join('\n')}\n`
}
