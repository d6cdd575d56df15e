/**
 * The facts about a message, resolved: every struct with its name in TypeScript and the versions in which it can occur,
 * every field with its type, default and versions.
 */
import type { FieldFacts, MessageFacts } from './facts.ts'
import { contains, listVersions, noVersion, parseVersions, type VersionRange } from './versions.ts'

export type Primitive =
  | 'bool'
  | 'int8'
  | 'int16'
  | 'int32'
  | 'int64'
  | 'uint16'
  | 'uint32'
  | 'float64'
  | 'string'
  | 'uuid'
  | 'bytes'
  | 'records'

export type Int64Form = 'safe' | 'wide' | 'bigint'

export type FieldType =
  | { readonly kind: 'primitive'; readonly primitive: Primitive; readonly int64: Int64Form; readonly zeroCopy: boolean }
  | { readonly kind: 'struct'; readonly struct: Struct }
  | { readonly kind: 'array'; readonly element: FieldType }

export interface Field {
  readonly name: string
  /** For error texts: message and field. */
  readonly path: string
  readonly type: FieldType
  readonly versions: VersionRange
  readonly nullable: VersionRange
  /** -1 when the field is not tagged. */
  readonly tag: number
  readonly flexible: VersionRange
  readonly hasNullDefault: boolean
  /** The schema's own default as text; '' when it has none. */
  readonly defaultText: string
  readonly ignorable: boolean
  readonly optional: boolean
}

export interface Struct {
  readonly typeName: string
  readonly possible: readonly number[]
  readonly flexible: VersionRange
  readonly fields: readonly Field[]
}

export interface MessageModel {
  readonly facts: MessageFacts
  readonly root: Struct
  /** The root first, then each struct before those that it contains. */
  readonly structs: readonly Struct[]
  readonly flexible: VersionRange
}

/** Int64 fields that use all 64 bits (hashes). */
const bigintFields = new Set(['MetadataHash'])

/**
 * Int64 fields outside of requests that hold what a client may have chosen from all 64 bits: kept as the nearest double.
 * A request's fields are all read like that: whatever a client sends is answered, not a reason to hang up.
 */
const wideFields = new Set([
  'ListOffsetsResponse.Timestamp',
  'DescribeProducersResponse.LastTimestamp',
  'ProducerSnapshot.Timestamp',
  'OffsetFetchResponse.CommittedOffset',
  'OffsetCommitValue.offset',
  'OffsetCommitValue.expireTimestamp',
  'SaslAuthenticateResponse.SessionLifetimeMs'
])

export function modelOf(facts: MessageFacts): MessageModel {
  const flexible = parseVersions(facts.flexibleVersions, noVersion)
  const resolver = new Resolver(facts, flexible)
  const possible = listVersions(parseVersions(facts.validVersions, noVersion))
  const root = resolver.struct(facts.name, facts.name, facts.fields ?? [], possible)
  return { facts, root, structs: [root, ...resolver.nested], flexible }
}

class Resolver {
  readonly nested: Struct[] = []
  private readonly facts: MessageFacts
  private readonly flexible: VersionRange
  private readonly structsByName = new Map<string, { possible: number[]; struct: Struct }>()

  constructor(facts: MessageFacts, flexible: VersionRange) {
    this.facts = facts
    this.flexible = flexible
  }

  struct(name: string, typeName: string, fields: readonly FieldFacts[], possible: readonly number[]): Struct {
    const known = fields.filter((field) => possible.some((version) => contains(versionsOf(field), version)))
    const struct = { typeName, possible, flexible: this.flexible, fields: [] as Field[] }
    if (name !== this.facts.name) this.nested.push(struct)
    struct.fields.push(...known.map((field) => this.field(typeName, field, possible)))
    return struct
  }

  private field(owner: string, facts: FieldFacts, possible: readonly number[]): Field {
    const versions = versionsOf(facts)
    const present = possible.filter((version) => contains(versions, version))
    // Kafka's generator takes the text "null" for a default of null, and a null for no default at all.
    const defaultText = facts.default === undefined || facts.default === null ? '' : String(facts.default)
    const isTagged = facts.tag !== undefined
    return {
      name: camelCase(facts.name),
      path: `${owner}.${camelCase(facts.name)}`,
      type: this.type(facts.type, facts, present),
      versions,
      nullable: parseVersions(facts.nullableVersions, noVersion),
      tag: facts.tag ?? -1,
      flexible: parseVersions(facts.flexibleVersions, this.flexible),
      hasNullDefault: defaultText === 'null',
      defaultText,
      ignorable: facts.ignorable === true,
      optional: facts.default !== undefined || isTagged || facts.ignorable === true || present.length < possible.length
    }
  }

  private type(type: string, facts: FieldFacts, present: readonly number[]): FieldType {
    if (type.startsWith('[]')) return { kind: 'array', element: this.type(type.slice(2), facts, present) }
    if (/^[a-z]/.test(type)) {
      const primitive = type as Primitive
      return { kind: 'primitive', primitive, int64: this.int64Form(facts.name), zeroCopy: facts.zeroCopy === true }
    }
    return { kind: 'struct', struct: this.structNamed(type, facts, present) }
  }

  private int64Form(fieldName: string): Int64Form {
    if (bigintFields.has(fieldName)) return 'bigint'
    return this.facts.type === 'request' || wideFields.has(`${this.facts.name}.${fieldName}`) ? 'wide' : 'safe'
  }

  /** A common struct can be used by several fields; its possible versions are those of all of them. */
  private structNamed(name: string, facts: FieldFacts, present: readonly number[]): Struct {
    const common = this.facts.commonStructs?.find((struct) => struct.name === name)
    if (common === undefined)
      return this.struct(name, structTypeName(this.facts.name, name), facts.fields ?? [], present)
    const known = this.structsByName.get(name)
    if (known !== undefined) return known.struct
    const possible = listVersions(parseVersions(this.facts.validVersions, noVersion)).filter((version) =>
      this.usesCommon(name, version)
    )
    const struct = this.struct(name, structTypeName(this.facts.name, name), common.fields, possible)
    this.structsByName.set(name, { possible, struct })
    return struct
  }

  private usesCommon(name: string, version: number): boolean {
    const uses = (fields: readonly FieldFacts[] | undefined): boolean =>
      fields?.some((field) => {
        if (!contains(versionsOf(field), version)) return false
        const type = field.type.replace('[]', '')
        if (type === name) return true
        return uses(field.fields ?? this.facts.commonStructs?.find((struct) => struct.name === type)?.fields)
      }) ?? false
    return uses(this.facts.fields)
  }
}

function versionsOf(field: FieldFacts): VersionRange {
  const tagged = parseVersions(field.taggedVersions, noVersion)
  const versions = parseVersions(field.versions, tagged)
  if (field.tag !== undefined && (tagged.lowest !== versions.lowest || tagged.highest !== versions.highest)) {
    throw new Error(`${field.name} is tagged in some of its versions only, which the generator does not know`)
  }
  return versions
}

export function camelCase(name: string): string {
  return name.charAt(0).toLowerCase() + name.slice(1)
}

/** The message's name and the struct's, without the part that the struct's name repeats: FetchRequest, FetchTopic → FetchRequestTopic. */
export function structTypeName(message: string, struct: string): string {
  if (struct.startsWith(message)) return struct
  const stem = message.replace(/(Request|Response)$/, '')
  const rest = stem !== message && struct.startsWith(stem) ? struct.slice(stem.length) : ''
  return message + (/^[A-Z]/.test(rest) ? rest : struct)
}

/** The least number of bytes that a value takes on the wire. */
export function minimumBytes(type: FieldType, field: Field, version: number): number {
  const isFlexible = contains(field.flexible, version)
  if (type.kind === 'array') return isFlexible ? 1 : 4
  if (type.kind === 'struct')
    return contains(field.nullable, version) && field.type.kind === 'struct'
      ? 1
      : structMinimumBytes(type.struct, version)
  switch (type.primitive) {
    case 'bool':
    case 'int8':
      return 1
    case 'int16':
    case 'uint16':
      return 2
    case 'int32':
    case 'uint32':
      return 4
    case 'int64':
    case 'float64':
      return 8
    case 'uuid':
      return 16
    case 'string':
      return isFlexible ? 1 : 2
    case 'bytes':
    case 'records':
      return isFlexible ? 1 : 4
  }
}

function structMinimumBytes(struct: Struct, version: number): number {
  let sum = contains(struct.flexible, version) ? 1 : 0
  for (const field of struct.fields) {
    if (field.tag < 0 && contains(field.versions, version)) sum += minimumBytes(field.type, field, version)
  }
  return sum
}
