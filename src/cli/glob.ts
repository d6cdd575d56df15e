import { wrongUsage } from './cli-error.ts'

export function isPattern(name: string): boolean {
  return /[*?[]/.test(name)
}

/** `*` any text, `?` one character, `[abc]` or `[a-c]` one of them, `[!abc]` any other. */
export function globExpression(pattern: string): RegExp {
  const source = pattern.replace(/\[!?[^\]]+\]|[\s\S]/gu, (part) => {
    if (part === '*') return '[\\s\\S]*'
    if (part === '?') return '[\\s\\S]'
    if (part.startsWith('[') && part.endsWith(']')) return characterSet(part, pattern)
    return part.replace(/[.+^${}()|[\]\\/]/g, '\\$&')
  })
  return new RegExp(`^${source}$`, 'u')
}

function characterSet(part: string, pattern: string): string {
  const set = part.replace(/^\[!(?!\])/, '[^').replaceAll('\\', '\\\\')
  try {
    new RegExp(set, 'u')
    return set
  } catch {
    throw wrongUsage(
      `"${pattern}" is not a pattern`,
      `${part} is no set of characters: a range goes upwards, as [a-z] does`
    )
  }
}
