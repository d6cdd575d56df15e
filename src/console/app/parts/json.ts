/**
 * JSON with its white space set anew, and nothing else: numbers stay as they are written, names that come twice come twice. What is no JSON, or
 * lies deeper than anybody reads, stays as it is.
 */
const deepest = 100

export function pretty(text: string): string {
  if (!/^\s*[[{]/.test(text) || !isJson(text)) return text
  const tokens = text.match(/"(?:[^"\\]|\\.)*"|[[\]{}:,]|[^\s[\]{}:,"]+/g) ?? []
  const parts: string[] = []
  let depth = 0
  for (const [index, token] of tokens.entries()) {
    const next = tokens[index + 1]
    if (isOpening(token)) depth += 1
    if (depth > deepest) return text
    parts.push(token === ':' ? ': ' : token)
    if (isClosing(next)) depth -= 1
    const isBreak = token === ',' || (isOpening(token) ? !isClosing(next) : isClosing(next))
    if (isBreak) parts.push(`\n${'  '.repeat(depth)}`)
  }
  return parts.join('')
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

function isOpening(token: string | undefined): boolean {
  return token === '{' || token === '['
}

function isClosing(token: string | undefined): boolean {
  return token === '}' || token === ']'
}
