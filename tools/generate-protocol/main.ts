/**
 * Generates src/protocol/generated/ from the facts in tools/generate-protocol/facts/. Needs no Java; `--from-jars` does.
 */
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { parseArgs } from 'node:util'
import { kebabCase, messageFile } from './emit-message.ts'
import { apiKeysFile, errorCodesFile, registryFile } from './emit-registry.ts'
import { extract } from './extract.ts'
import { groups, readErrors, readKafkaVersion, readMessages } from './facts.ts'
import { modelOf } from './model.ts'

const help = `npm run generate -- [--check] [--from-jars DIR]

Without options: facts/ → src/protocol/generated/.
  --check          write nothing; end with 1 when the generated code is not what the facts give
  --from-jars DIR  first extract the facts from Apache Kafka's jars in DIR (pom.xml beside this program brings them)`

const generatedFolder = join(import.meta.dirname, '../../src/protocol/generated')

/** Path inside the folder → text. */
function generate(): Map<string, string> {
  const version = readKafkaVersion()
  const files = new Map<string, string>()
  for (const group of groups) {
    const models = readMessages(group).map(modelOf)
    const inUse = models.filter((model) => model.root.possible.length > 0)
    for (const model of inUse) files.set(join(group, `${kebabCase(model.facts.name)}.ts`), messageFile(model, version))
    files.set(join(group, 'registry.ts'), registryFile(group, inUse, version))
    if (group === 'api') files.set('api-keys.ts', apiKeysFile(models, version))
  }
  files.set('error-codes.ts', errorCodesFile(readErrors(), version))
  return files
}

function existingFiles(): Map<string, string> {
  const files = new Map<string, string>()
  for (const path of readdirSync(generatedFolder, { recursive: true, encoding: 'utf8' })) {
    const full = join(generatedFolder, path)
    if (statSync(full).isFile()) files.set(path, readFileSync(full, 'utf8'))
  }
  return files
}

function differences(files: ReadonlyMap<string, string>): string[] {
  const existing = existingFiles()
  const paths = new Set([...files.keys(), ...existing.keys()])
  return [...paths].filter((path) => files.get(path) !== existing.get(path))
}

function write(files: ReadonlyMap<string, string>): void {
  mkdirSync(generatedFolder, { recursive: true })
  for (const path of existingFiles().keys()) if (!files.has(path)) rmSync(join(generatedFolder, path))
  for (const [path, text] of files) {
    mkdirSync(dirname(join(generatedFolder, path)), { recursive: true })
    writeFileSync(join(generatedFolder, path), text)
  }
}

function main(): void {
  const { values } = parseArgs({
    options: { check: { type: 'boolean' }, help: { type: 'boolean' }, 'from-jars': { type: 'string' } }
  })
  if (values.help) console.log(help)
  else run(values.check === true ? check : write, values['from-jars'])
}

function run(use: (files: ReadonlyMap<string, string>) => void, jarsFolder: string | undefined): void {
  if (jarsFolder !== undefined) extract(jarsFolder)
  use(generate())
}

function check(files: ReadonlyMap<string, string>): void {
  const changed = differences(files)
  if (changed.length === 0) {
    console.log(`The ${files.size} generated files are what the facts give.`)
  } else {
    console.error(`Not what the facts give (run npm run generate):\n${changed.map((path) => `  ${path}`).join('\n')}`)
    process.exitCode = 1
  }
}

main()
