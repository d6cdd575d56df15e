/**
 * Writes docs/reference/broker-settings.md from the definitions that the broker goes by. Run it after changing one:
 * tsx tools/settings-page.ts
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { brokerConfigDefinitions } from '../src/coordination/config/broker-config-definitions.ts'
import type { ConfigDefinition } from '../src/coordination/config/definition.ts'

export const settingsPath = join(import.meta.dirname, '..', 'docs', 'reference', 'broker-settings.md')

export function renderSettings(): string {
  const all = Object.entries(brokerConfigDefinitions).sort(([one], [other]) => (one < other ? -1 : 1))
  const withEffect = all.filter(([, { noEffect }]) => noEffect === undefined)
  const without = all.filter(([, { noEffect }]) => noEffect !== undefined)
  return `# Settings of the broker

What \`odradek serve -c NAME=VALUE\` takes, and \`config\` of \`startKafka\`: Kafka's names, and what they mean there. Durations and
sizes may have a unit: \`-c log.retention.ms=7d\`, \`-c log.segment.bytes=16MiB\`. What a broker that runs is set to shows
\`odradek brokers describe 1 --all-configs\`. Written by \`tsx tools/settings-page.ts\`.

| Setting | Default | Takes |
|---|---|---|
${withEffect.map(([name, one]) => `| \`${name}\` | ${value(one.default)} | ${takes(one)} |`).join('\n')}

These are taken with their default only, for programs that name them: another value would do nothing here.

| Setting | Default | What holds here |
|---|---|---|
${without.map(([name, { default: otherwise, noEffect = '' }]) => `| \`${name}\` | ${value(otherwise)} | ${noEffect} |`).join('\n')}
`
}

function value(text: string | null): string {
  return text === null || text === '' ? '' : `\`${text}\``
}

function takes({ type, allowed, min, max }: ConfigDefinition): string {
  if (allowed !== undefined) return `${type === 'list' ? 'some' : 'one'} of ${allowed.map(value).join(', ')}`
  const bounds = [...(min === undefined ? [] : [`from ${min}`]), ...(max === undefined ? [] : [`up to ${max}`])]
  return [type, ...bounds].join(' ')
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeFileSync(settingsPath, renderSettings())
  process.stdout.write(`wrote ${settingsPath}\n`)
}
