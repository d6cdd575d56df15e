/** Where things lie, seen from the tests. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const harnessDirectory = dirname(fileURLToPath(import.meta.url))
export const projectDirectory = dirname(dirname(harnessDirectory))
/** Ignored by git; holds what tests fetch once: jars, a Python environment. */
export const cacheDirectory = join(projectDirectory, '.cache')

export interface TemporaryDirectory extends Disposable {
  readonly path: string
  remove(): void
}

export function temporaryDirectory(name: string): TemporaryDirectory {
  const path = mkdtempSync(join(tmpdir(), `odradek-${name}-`))
  const remove = () => rmSync(path, { recursive: true, force: true, maxRetries: 3 })
  return { path, remove, [Symbol.dispose]: remove }
}
