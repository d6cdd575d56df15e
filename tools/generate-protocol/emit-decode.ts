/** The function that decodes a struct, for all its versions. */
import { elementMemory } from './element-memory.ts'
import { decodedType, decodedTypeText, defaultExpression, isEverNull, isNullableIn } from './emit-types.ts'
import { type Field, type FieldType, minimumBytes, type Struct } from './model.ts'
import { block, conditionFor, contains, expressionByVersion, indent, linesByVersion } from './versions.ts'

const taken = new Set(['reader', 'version', 'default', 'delete', 'new', 'tag', 'left', 'end', 'index', 'name'])

function localName(field: Field): string {
  return taken.has(field.name) ? `${field.name}Value` : field.name
}

export function decodeLines(struct: Struct): string[] {
  const body: string[] = []
  for (const field of struct.fields) if (field.tag < 0) body.push(...fieldLines(field, struct))
  body.push(...taggedLines(struct))
  const properties = struct.fields.map((field) =>
    localName(field) === field.name ? field.name : `${field.name}: ${localName(field)}`
  )
  body.push(properties.length === 0 ? 'return {}' : `return { ${properties.join(', ')} }`)
  return [
    `function decode${struct.typeName}(reader: Reader, version: number): Decoded<${struct.typeName}> {`,
    ...indent(body),
    '}'
  ]
}

function fieldLines(field: Field, struct: Struct): string[] {
  if (field.type.kind === 'array') return arrayLines(field, field.type.element, struct)
  const expression = expressionByVersion(struct.possible, (version) =>
    contains(field.versions, version) ? readExpression(field.type, field, version) : defaultExpression(field)
  )
  return [`const ${localName(field)} = ${expression}`]
}

function arrayLines(field: Field, element: FieldType, struct: Struct): string[] {
  const count = `${field.name}Count`
  const lines = [
    `const ${count} = ${expressionByVersion(struct.possible, (version) => countExpression(field, element, struct, version))}`
  ]
  const local = localName(field)
  if (!isEverNull(field, struct)) {
    return [
      ...lines,
      `const ${local}: ${decodedTypeText(field.type)} = []`,
      ...loopLines(field, element, local, count, present(field, struct))
    ]
  }
  return [
    ...lines,
    `let ${local}: ${decodedTypeText(field.type)} | null = null`,
    `if (${count} >= 0) {`,
    `  ${local} = []`,
    ...indent(loopLines(field, element, local, count, present(field, struct))),
    '}'
  ]
}

function present(field: Field, struct: Struct): number[] {
  return struct.possible.filter((version) => contains(field.versions, version))
}

function countExpression(field: Field, element: FieldType, struct: Struct, version: number): string {
  if (!contains(field.versions, version)) return field.hasNullDefault ? '-1' : '0'
  return `reader.read${prefix(field, version)}ArrayLength(${elementBounds(field, element, present(field, struct))})`
}

/** What the count is held against: the bytes that are there, and the memory that may be taken. */
function elementBounds(field: Field, element: FieldType, versions: readonly number[]): string {
  const minimum = Math.min(...versions.map((version) => minimumBytes(element, field, version)))
  if (minimum < 1) throw new Error(`The elements of ${field.path} can be empty, so their count cannot be checked`)
  const memory = Math.max(...versions.map((version) => elementMemory(element, version)))
  return `${minimum}, ${memory}`
}

function loopLines(
  field: Field,
  element: FieldType,
  local: string,
  count: string,
  versions: readonly number[]
): string[] {
  const read = expressionByVersion(versions, (version) => readExpression(element, field, version, 'element'))
  return [`for (let index = 0; index < ${count}; index++) ${local}.push(${read})`]
}

function prefix(field: Field, version: number): string {
  return (contains(field.flexible, version) ? 'Compact' : '') + (isNullableIn(field, version) ? 'Nullable' : '')
}

function readExpression(type: FieldType, field: Field, version: number, place: 'field' | 'element' = 'field'): string {
  if (type.kind === 'array') throw new Error(`${field.path}: an array is read by a loop`)
  const isNullable = place === 'field' && isNullableIn(field, version)
  const compact = contains(field.flexible, version) ? 'Compact' : ''
  const nullable = isNullable ? 'Nullable' : ''
  if (type.kind === 'struct') {
    const decode = `decode${type.struct.typeName}(reader, version)`
    const isPresent = `reader.read${field.tag >= 0 ? 'Tagged' : ''}StructIsPresent()`
    return isNullable ? `(${isPresent} ? ${decode} : null)` : decode
  }
  switch (type.primitive) {
    case 'bool':
      return 'reader.readBoolean()'
    case 'string':
      return `reader.read${compact}${nullable}String()`
    case 'bytes':
      return `reader.read${compact}${nullable}Bytes${type.zeroCopy ? 'Slice' : ''}()`
    case 'records':
      return `reader.read${compact}${nullable}BytesSlice()`
    case 'int64':
      return `reader.read${{ safe: 'Int64', wide: 'Int64Wide', bigint: 'BigInt64' }[type.int64]}()`
    default:
      return `reader.read${type.primitive.charAt(0).toUpperCase()}${type.primitive.slice(1)}()`
  }
}

function taggedLines(struct: Struct): string[] {
  const tagged = struct.fields.filter((field) => field.tag >= 0)
  const declarations = tagged.map(
    (field) => `let ${localName(field)}: ${decodedType(field, struct)} = ${defaultExpression(field)}`
  )
  const lines = linesByVersion(
    struct.possible,
    (version) => {
      if (!contains(struct.flexible, version)) return 'none'
      return tagged.some((field) => contains(field.versions, version)) ? 'tags' : 'skip'
    },
    (label, versions) => {
      if (label === 'none') return []
      return label === 'skip' ? ['reader.skipTaggedFields()'] : switchLines(tagged, versions)
    }
  )
  return [...declarations, ...lines]
}

function switchLines(tagged: readonly Field[], versions: readonly number[]): string[] {
  const cases = tagged.flatMap((field) => {
    const condition = conditionFor(versions, (version) => contains(field.versions, version))
    const assign = assignLines(
      field,
      versions.filter((version) => contains(field.versions, version))
    )
    const guard =
      condition === ''
        ? []
        : [`if (!(${condition})) throw reader.error(\`tag ${field.tag} is unknown in version \${version}\`)`]
    return [`case ${field.tag}: {`, ...indent([...guard, ...assign, 'break']), '}']
  })
  return [
    'for (let left = reader.readUnsignedVarint(); left > 0; left--) {',
    '  const tag = reader.readUnsignedVarint()',
    '  const end = reader.tagEnd(reader.readUnsignedVarint())',
    '  switch (tag) {',
    ...indent(indent([...cases, 'default:', '  reader.position = end'])),
    '  }',
    '  reader.closeTag(end)',
    '}'
  ]
}

function assignLines(field: Field, versions: readonly number[]): string[] {
  const local = localName(field)
  const type = field.type
  if (type.kind !== 'array') {
    return [`${local} = ${expressionByVersion(versions, (version) => readExpression(type, field, version))}`]
  }
  const count = `${field.name}Count`
  const bounds = elementBounds(field, type.element, versions)
  const read = `reader.read${expressionByVersion(versions, (version) => prefix(field, version))}ArrayLength(${bounds})`
  const element = expressionByVersion(versions, (version) => readExpression(type.element, field, version, 'element'))
  const elements = `${field.name}Elements`
  const isNullable = versions.some((version) => isNullableIn(field, version))
  return [
    `const ${count} = ${read}`,
    `const ${elements}: ${decodedTypeText(type)} = []`,
    ...block(`for (let index = 0; index < ${count}; index++)`, [`${elements}.push(${element})`]),
    isNullable ? `${local} = ${count} < 0 ? null : ${elements}` : `${local} = ${elements}`
  ]
}
