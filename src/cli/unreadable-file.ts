/** Why a file that was named cannot be read, in words; anything rarer in the system's own. */
export function whyUnreadable(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  if (code === 'ENOENT') return 'there is no such file (ENOENT)'
  if (code === 'EACCES') return 'you are not allowed to read it (EACCES)'
  if (code === 'EISDIR') return 'it is a directory (EISDIR)'
  return error instanceof Error ? error.message : String(error)
}
