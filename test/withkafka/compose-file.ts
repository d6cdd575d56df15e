/** withkafka/docker-compose.yml as data, with its anchors and merges resolved as Docker Compose does it. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'
import { projectDirectory } from '../harness/paths.ts'

export interface Service {
  readonly image: string
  readonly profiles: readonly string[]
  readonly hostname: string
  readonly command?: readonly string[]
  readonly ports: readonly string[]
  readonly volumes: readonly string[]
  readonly environment: Readonly<Record<string, string | number>>
  readonly healthcheck: { readonly test: readonly string[]; readonly retries: number }
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>
}

export interface ComposeFile {
  readonly services: Readonly<Record<string, Service>>
  readonly volumes: Readonly<Record<string, null>>
}

export const composePath = join(projectDirectory, 'withkafka', 'docker-compose.yml')
export const profiles = ['single', 'cluster', 'zookeeper'] as const
export type Profile = (typeof profiles)[number]

/** With the ports that it has when nobody names others. */
export function readComposeFile(): ComposeFile {
  const text = readFileSync(composePath, 'utf8').replace(/\$\{\w+:-(\d+)\}/g, '$1')
  return parse(text, { merge: true }) as ComposeFile
}

export function servicesOf(file: ComposeFile, profile: Profile): [name: string, service: Service][] {
  return Object.entries(file.services).filter(([, service]) => service.profiles.includes(profile))
}

/** The settings of a service's broker, as its image makes them of the environment, or as its command overrides them. */
export function settingsOf(service: Service): Record<string, string> {
  const overrides = (service.command ?? []).filter((_, index, all) => all[index - 1] === '--override')
  const fromCommand = overrides.map((override) => override.split(/=(.*)/s).slice(0, 2))
  const fromEnvironment = Object.entries(service.environment)
    .filter(([name]) => name.startsWith('KAFKA_') && name !== 'KAFKA_HEAP_OPTS')
    .map(([name, value]) => [name.slice('KAFKA_'.length).toLowerCase().replaceAll('_', '.'), String(value)])
  return Object.fromEntries([...fromEnvironment, ...fromCommand])
}

/** A `.properties` file as Kafka writes it: `name=value` lines. */
export function parseProperties(text: string): Record<string, string> {
  const lines = text.split('\n').filter((line) => line.includes('=') && !line.startsWith('#'))
  return Object.fromEntries(lines.map((line) => line.split(/=(.*)/s).slice(0, 2)))
}
