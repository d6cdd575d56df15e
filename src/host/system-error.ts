/**
 * What the operating system said, as Node tells it. Not asked by `instanceof Error`: where a program runs in a context of its
 * own, as Jest runs every test file, `Error` there is another than that of Node's errors.
 */

/** Its word for what went wrong ('ENOENT'); '' when this is no error of the system. */
export function codeOf(error: unknown): string {
  return typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : ''
}

/** The sentence; null when this is no error at all. */
export function messageOf(error: unknown): string | null {
  return typeof error === 'object' && error !== null && 'message' in error ? String(error.message) : null
}
