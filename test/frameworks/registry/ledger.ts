/** What a registry was told and has acknowledged, and whether it still knows it. */
import assert from 'node:assert/strict'
import { fieldOf, type Service } from './service.ts'

const subjects = 6
const versionsPerWrite = 3
const settingsPerWrite = 30
const levels = ['BACKWARD', 'FORWARD', 'FULL'] as const

interface Schema {
  readonly subject: string
  readonly version: number
  readonly id: number
  readonly schema: string
}

export class Ledger {
  /** Of settings that another has taken the place of, as well as of schemas that were deleted. */
  superseded = 0
  readonly #service: Service
  readonly #schemas: Schema[] = []
  readonly #deleted: Schema[] = []
  readonly #levels = new Map<string, string>()
  #writes = 0
  #settings = 0

  constructor(service: Service) {
    this.#service = service
  }

  get schemas(): number {
    return this.#schemas.length
  }

  /** Schemas of some subjects that stay and of one that goes, and settings over and over. */
  async write(): Promise<void> {
    const round = this.#writes++
    for (let index = 0; index < settingsPerWrite; index += 1) await this.touch()
    for (let subject = 0; subject < subjects; subject += 1)
      for (let index = 0; index < versionsPerWrite; index += 1)
        this.#schemas.push(await this.#register(`subject-${subject}`, round * versionsPerWrite + index + 1))
    const gone = `gone-${round}`
    const registered = await this.#register(gone, 1)
    await this.#service.ask('DELETE', `/subjects/${gone}`)
    await this.#service.ask('DELETE', `/subjects/${gone}?permanent=true`)
    this.#deleted.push(registered)
    this.superseded += 1
  }

  /** Sets what a subject had set before. */
  async touch(): Promise<void> {
    const number = this.#settings++
    const subject = `subject-${number % subjects}`
    const compatibility = levels[number % levels.length] ?? levels[0]
    await this.#service.ask('PUT', `/config/${subject}`, { compatibility })
    if (this.#levels.has(subject)) this.superseded += 1
    this.#levels.set(subject, compatibility)
  }

  async assertKept(): Promise<void> {
    const ids = this.#schemas.map(({ id }) => id)
    assert.equal(new Set(ids).size, ids.length, 'two schemas have the same id')
    for (const { subject, version, id, schema } of this.#schemas) {
      const name = `${subject}, version ${version}`
      assert.deepEqual(textIn(await this.#service.schemaOf(id)), JSON.parse(schema), `${name}, by its id ${id}`)
      const told = await this.#service.versionOf(subject, version)
      assert.deepEqual([textIn(told), fieldOf(told, 'id')], [JSON.parse(schema), id], name)
      // What is there already keeps its id.
      assert.equal(await this.#service.register(subject, schema), id, name)
    }
    for (const { subject, version } of this.#deleted)
      assert.equal(await this.#service.versionOf(subject, version), null, `${subject} was deleted`)
    for (const [subject, level] of this.#levels)
      assert.deepEqual(await this.#service.ask('GET', `/config/${subject}`), { compatibilityLevel: level }, subject)
  }

  async #register(subject: string, version: number): Promise<Schema> {
    const schema = schemaOf(subject, version)
    return { subject, version, id: await this.#service.register(subject, schema), schema }
  }
}

/** Each version has one more field, which may be left out: compatible both ways. */
function schemaOf(subject: string, version: number): string {
  const fields = Array.from({ length: version }, (_, index) => ({ name: `f${index}`, type: 'int', default: 0 }))
  return JSON.stringify({ type: 'record', name: subject.replace('-', '_'), fields })
}

function textIn(answer: unknown): unknown {
  if (typeof answer === 'object' && answer !== null && 'schema' in answer && typeof answer.schema === 'string')
    return JSON.parse(answer.schema)
  assert.fail(`no schema in ${JSON.stringify(answer)}`)
}
