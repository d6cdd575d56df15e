/**
 * Writes plain data as YAML in block style. Strings that YAML could read as something else are quoted as in JSON, which
 * is YAML as well.
 */
export function toYaml(value: unknown): string {
  return `${block(value, 0)}\n`
}

function block(value: unknown, depth: number): string {
  const indent = '  '.repeat(depth)
  if (Array.isArray(value) && value.length > 0) {
    return value.map((item) => `${indent}- ${block(item, depth + 1).trimStart()}`).join('\n')
  }
  if (isMapping(value)) {
    return Object.entries(value)
      .map(
        ([name, inner]) =>
          `${indent}${scalar(name)}:${isNested(inner) ? '\n' : ' '}${block(inner, isNested(inner) ? depth + 1 : 0)}`
      )
      .join('\n')
  }
  return indent + scalar(value)
}

function isNested(value: unknown): boolean {
  return (Array.isArray(value) && value.length > 0) || isMapping(value)
}

function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && Object.keys(value).length > 0
}

function scalar(value: unknown): string {
  if (typeof value !== 'string') return JSON.stringify(value)
  const plain = /^[A-Za-z_][\w./-]*$/.test(value) && !/^(true|false|null|yes|no|on|off|y|n)$/i.test(value)
  return plain ? value : JSON.stringify(value)
}
