/** The TypeScript of a message's interfaces, and the text of types and defaults that the codecs need. */
import type { Field, FieldType, Struct } from './model.ts'
import { contains, type VersionRange } from './versions.ts'

export function interfaceLines(struct: Struct): string[] {
  return [
    `export interface ${struct.typeName} {`,
    ...struct.fields.map((field) => `  ${propertyLine(field, struct)}`),
    '}'
  ]
}

function propertyLine(field: Field, struct: Struct): string {
  const notes: string[] = []
  if (!struct.possible.every((version) => contains(field.versions, version))) notes.push(versionsText(field.versions))
  if (field.tag >= 0) notes.push(`tag ${field.tag}`)
  const note = notes.length === 0 ? '' : ` // ${notes.join(', ')}`
  return `${field.name}${field.optional ? '?' : ''}: ${valueType(field, struct)}${note}`
}

function versionsText({ lowest, highest }: VersionRange): string {
  if (highest === Number.POSITIVE_INFINITY) return `v${lowest}+`
  return lowest === highest ? `v${lowest}` : `v${lowest}-${highest}`
}

export function isEverNull(field: Field, struct: Struct): boolean {
  return field.hasNullDefault || struct.possible.some((version) => isNullableIn(field, version))
}

/** Kafka reads and writes a field as nullable only in versions that have it. */
export function isNullableIn(field: Field, version: number): boolean {
  return contains(field.versions, version) && contains(field.nullable, version)
}

export function valueType(field: Field, struct: Struct): string {
  return typeText(field.type, 'readonly ') + (isEverNull(field, struct) ? ' | null' : '')
}

/** What decode gives for the field. */
export function decodedType(field: Field, struct: Struct): string {
  return decodedTypeText(field.type) + (isEverNull(field, struct) ? ' | null' : '')
}

export function decodedTypeText(type: FieldType): string {
  if (type.kind === 'array') return `${decodedTypeText(type.element)}[]`
  if (type.kind === 'struct') return `Decoded<${type.struct.typeName}>`
  return type.primitive === 'records' ? 'Buffer' : typeText(type, '')
}

function typeText(type: FieldType, arrayPrefix: string): string {
  if (type.kind === 'array') return `${arrayPrefix}${typeText(type.element, arrayPrefix)}[]`
  if (type.kind === 'struct') return type.struct.typeName
  switch (type.primitive) {
    case 'bool':
      return 'boolean'
    case 'string':
    case 'uuid':
      return 'string'
    case 'bytes':
      return 'Buffer'
    case 'records':
      return 'Records'
    case 'int64':
      return type.int64 === 'bigint' ? 'bigint' : 'number'
    default:
      return 'number'
  }
}

/** The expression for the field's default. */
export function defaultExpression(field: Field): string {
  if (field.hasNullDefault) return 'null'
  const type = field.type
  if (type.kind === 'array') return '[]'
  if (type.kind === 'struct') return `default${type.struct.typeName}()`
  const text = field.defaultText
  switch (type.primitive) {
    case 'bool':
      return text === 'true' ? 'true' : 'false'
    case 'string':
      return `'${text}'`
    case 'uuid':
      return 'ZERO_UUID'
    case 'bytes':
    case 'records':
      return 'Buffer.alloc(0)'
    case 'int64':
      if (type.int64 === 'bigint') return `${text === '' ? '0' : text}n`
      return text === '9223372036854775807' ? '2 ** 63' : numberText(text)
    default:
      return numberText(text)
  }
}

function numberText(text: string): string {
  return String(text === '' ? 0 : Number(text))
}

/** Whether a value (known not to be undefined) is other than the default; `expression` is evaluated more than once. */
export function nonDefaultCondition(field: Field, struct: Struct, expression: string): string {
  if (field.hasNullDefault) return `${expression} !== null`
  const orNull = isEverNull(field, struct) ? `${expression} === null || ` : ''
  const wrap = (condition: string) => (orNull === '' ? condition : `(${orNull}${condition})`)
  const type = field.type
  if (type.kind === 'array') return wrap(`${expression}.length > 0`)
  if (type.kind === 'struct') return wrap(`!isDefault${type.struct.typeName}(${expression})`)
  if (type.primitive === 'records') return wrap('true')
  if (type.primitive === 'bytes') return wrap(`${expression}.length > 0`)
  if (type.primitive === 'bool') return field.defaultText === 'true' ? `!${expression}` : expression
  return `${expression} !== ${defaultExpression(field)}`
}

/** The structs that need a function for their default, and one to recognise it: those that fields have as a default. */
export function structsWithDefault(structs: readonly Struct[]): Set<Struct> {
  const found = new Set<Struct>()
  const add = (struct: Struct) => {
    found.add(struct)
    for (const field of struct.fields) if (field.type.kind === 'struct' && !field.hasNullDefault) add(field.type.struct)
  }
  for (const struct of structs) {
    for (const field of struct.fields) {
      if (field.type.kind !== 'struct' || field.hasNullDefault) continue
      if (field.tag >= 0 || struct.possible.some((version) => !contains(field.versions, version)))
        add(field.type.struct)
    }
  }
  return found
}

export function defaultLines(struct: Struct): string[] {
  const tests = struct.fields.map((field) => {
    const test = negated(nonDefaultCondition(field, struct, `value.${field.name}`))
    return field.optional ? `(value.${field.name} === undefined || ${test})` : test
  })
  return [
    `function default${struct.typeName}(): Decoded<${struct.typeName}> {`,
    `  return { ${struct.fields.map((field) => `${field.name}: ${defaultExpression(field)}`).join(', ')} }`,
    '}',
    '',
    `function isDefault${struct.typeName}(value: ${struct.typeName}): boolean {`,
    `  return ${tests.join(' && ')}`,
    '}'
  ]
}

function negated(condition: string): string {
  const comparison = /^(\S+) !== ([^|&]+)$/.exec(condition)
  if (comparison !== null) return `${comparison[1]} === ${comparison[2]}`
  const emptiness = /^(\S+)\.length > 0$/.exec(condition)
  if (emptiness !== null) return `${emptiness[1]}.length === 0`
  return condition.startsWith('!') ? condition.slice(1) : `!${condition}`
}
