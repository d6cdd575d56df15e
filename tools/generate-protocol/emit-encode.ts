/** The function that encodes a struct, for all its versions. */
import { defaultExpression, isEverNull, isNullableIn, nonDefaultCondition } from './emit-types.ts'
import type { Field, FieldType, Struct } from './model.ts'
import { block, conditionFor, contains, expressionByVersion, indent, linesByVersion } from './versions.ts'

const taken = new Set(['writer', 'value', 'version', 'default', 'delete', 'new', 'element', 'mark', 'name'])

export function encodeLines(struct: Struct): string[] {
  const body: string[] = []
  for (const field of struct.fields) {
    body.push(
      ...linesByVersion(
        struct.possible,
        (version) => (contains(field.versions, version) ? 'present' : 'absent'),
        (label, versions) => {
          if (label === 'absent') return absentLines(field, struct)
          return field.tag >= 0 ? [] : presentLines(field, struct, versions)
        }
      )
    )
  }
  body.push(...taggedLines(struct))
  return [
    `function encode${struct.typeName}(writer: Writer, value: ${struct.typeName}, version: number): void {`,
    ...indent(body),
    '}'
  ]
}

/**
 * A value that the version cannot carry is refused unless the schema says that it may be dropped. Answers drop it always:
 * a handler says what there is to say once, for every version, where Kafka's handlers ask for the version at each field.
 */
function absentLines(field: Field, struct: Struct): string[] {
  const isAnswer = /^\w*Response/.test(struct.typeName)
  if (field.ignorable || isAnswer) return []
  const expression = `value.${field.name}`
  return [
    `if (${expression} !== undefined && ${nonDefaultCondition(field, struct, expression)}) throw unsupportedField('${field.path}', version)`
  ]
}

function valueExpression(field: Field, struct: Struct): string {
  const expression = `value.${field.name}`
  if (!field.optional) return expression
  if (isEverNull(field, struct) && !field.hasNullDefault) {
    return `(${expression} === undefined ? ${defaultExpression(field)} : ${expression})`
  }
  return `${expression} ?? ${defaultExpression(field)}`
}

function presentLines(field: Field, struct: Struct, versions: readonly number[]): string[] {
  const type = field.type
  const expression = valueExpression(field, struct)
  if (type.kind === 'primitive') {
    return linesByVersion(
      versions,
      (version) => writeStatement(type, field, version, nonNull(field, struct, version, expression)),
      (statement) => [statement]
    )
  }
  const local = taken.has(field.name) ? `${field.name}Value` : field.name
  const declared = expressionByVersion(versions, (version) => nonNull(field, struct, version, expression))
  const lines = [`const ${local} = ${declared}`]
  if (type.kind === 'struct') return [...lines, ...structLines(type.struct, field, struct, versions, local)]
  return [...lines, ...arrayLines(type.element, field, struct, versions, local)]
}

function nonNull(field: Field, struct: Struct, version: number, expression: string): string {
  if (!isEverNull(field, struct) || isNullableIn(field, version)) return expression
  return `required(${expression}, '${field.path}', version)`
}

function structLines(
  inner: Struct,
  field: Field,
  struct: Struct,
  versions: readonly number[],
  local: string
): string[] {
  const encode = `encode${inner.typeName}(writer, ${local}, version)`
  if (!isEverNull(field, struct)) return [encode]
  const isNullable = conditionFor(versions, (version) => isNullableIn(field, version))
  if (isNullable === 'false') return [encode]
  const guard = isNullable === '' ? '' : `if (${isNullable}) `
  const [absent, present] =
    field.tag >= 0 ? ['writeUnsignedVarint(0)', 'writeUnsignedVarint(1)'] : ['writeInt8(-1)', 'writeInt8(1)']
  return [`if (${local} === null) writer.${absent}`, 'else {', `  ${guard}writer.${present}`, `  ${encode}`, '}']
}

function arrayLines(
  element: FieldType,
  field: Field,
  struct: Struct,
  versions: readonly number[],
  local: string
): string[] {
  const canBeNull = isEverNull(field, struct) && versions.some((version) => isNullableIn(field, version))
  const length = canBeNull ? `${local} === null ? -1 : ${local}.length` : `${local}.length`
  const lengthLines = linesByVersion(
    versions,
    (version) => `writer.write${contains(field.flexible, version) ? 'Compact' : ''}ArrayLength(${length})`,
    (statement) => [statement]
  )
  const write = linesByVersion(
    versions,
    (version) => (element.kind === 'primitive' ? writeStatement(element, field, version, 'element', 'element') : ''),
    (statement) =>
      element.kind === 'struct' ? [`encode${element.struct.typeName}(writer, element, version)`] : [statement]
  )
  const loop = block(`for (const element of ${local})`, write)
  return [...lengthLines, ...(canBeNull ? block(`if (${local} !== null)`, loop) : loop)]
}

function writeStatement(
  type: FieldType & { kind: 'primitive' },
  field: Field,
  version: number,
  expression: string,
  place: 'field' | 'element' = 'field'
): string {
  const compact = contains(field.flexible, version) ? 'Compact' : ''
  const nullable = place === 'field' && isNullableIn(field, version) ? 'Nullable' : ''
  switch (type.primitive) {
    case 'bool':
      return `writer.writeBoolean(${expression})`
    case 'string':
      return `writer.write${compact}${nullable}${isProse(field) ? 'Prose' : 'String'}(${expression})`
    case 'bytes':
    case 'records':
      return `writer.write${compact}${nullable}${type.primitive.charAt(0).toUpperCase()}${type.primitive.slice(1)}(${expression})`
    case 'int64':
      return `writer.write${{ safe: 'Int64', wide: 'Int64Wide', bigint: 'BigInt64' }[type.int64]}(${expression})`
    default:
      return `writer.write${type.primitive.charAt(0).toUpperCase()}${type.primitive.slice(1)}(${expression})`
  }
}

/** What people read, not programs: it may be shortened. */
function isProse(field: Field): boolean {
  return field.name === 'errorMessage' || field.name === 'batchIndexErrorMessage'
}

function taggedLines(struct: Struct): string[] {
  const tagged = struct.fields.filter((field) => field.tag >= 0).sort((one, other) => one.tag - other.tag)
  return linesByVersion(
    struct.possible,
    (version) => {
      if (!contains(struct.flexible, version)) return 'none'
      return tagged.some((field) => contains(field.versions, version)) ? 'tags' : 'empty'
    },
    (label, versions) => {
      if (label === 'none') return []
      return label === 'empty' ? ['writer.writeEmptyTaggedFields()'] : tagLines(tagged, struct, versions)
    }
  )
}

function tagLines(tagged: readonly Field[], struct: Struct, versions: readonly number[]): string[] {
  const lines: string[] = []
  const flags: string[] = []
  for (const field of tagged) {
    const local = `${field.name}Field`
    const flag = `has${field.name.charAt(0).toUpperCase()}${field.name.slice(1)}`
    const inVersion = conditionFor(versions, (version) => contains(field.versions, version))
    const condition = `${local} !== undefined && ${nonDefaultCondition(field, struct, local)}`
    lines.push(
      `const ${local} = value.${field.name}`,
      `const ${flag} = ${inVersion === '' ? '' : `${inVersion} && `}${condition}`
    )
    flags.push(flag)
  }
  lines.push(`writer.writeTagCount(${flags.map((flag) => `(${flag} ? 1 : 0)`).join(' + ')})`)
  tagged.forEach((field, index) => {
    const present = versions.filter((version) => contains(field.versions, version))
    lines.push(
      `if (${flags[index]}) {`,
      `  const mark = writer.openTag(${field.tag})`,
      ...indent(tagValueLines(field, struct, present))
    )
    lines.push('  writer.closeTag(mark)', '}')
  })
  return lines
}

function tagValueLines(field: Field, struct: Struct, versions: readonly number[]): string[] {
  const local = `${field.name}Field`
  const type = field.type
  if (type.kind === 'array') return arrayLines(type.element, field, struct, versions, local)
  if (type.kind === 'struct') return structLines(type.struct, field, struct, versions, local)
  return linesByVersion(
    versions,
    (version) => writeStatement(type, field, version, local),
    (statement) => [statement]
  )
}
