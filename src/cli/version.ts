/**
 * The version of the package, read from its package.json wherever this file ended up: in the sources or in the bundle.
 */
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const version = findVersion(dirname(fileURLToPath(import.meta.url)))

function findVersion(directory: string): string {
  try {
    const found: unknown = JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8'))
    if (isPackage(found) && found.name === 'odradek') return found.version
  } catch {
    // Not here; the directory above may have it.
  }
  const above = dirname(directory)
  return above === directory ? 'unknown' : findVersion(above)
}

function isPackage(value: unknown): value is { name: string; version: string } {
  return typeof value === 'object' && value !== null && 'name' in value && 'version' in value
}
