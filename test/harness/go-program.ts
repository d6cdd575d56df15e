/** A program in Go, a folder with its sources: built here once with the Go toolchain, into `.cache`. */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { cacheDirectory } from './paths.ts'
import type { Tool } from './tools.ts'

const BUILD_TIMEOUT_MS = 600_000

export class GoProgram {
  readonly name: string
  readonly binary: string
  readonly #source: string
  readonly #stamp: string

  /** The folder of its sources, by whose name it is known. */
  constructor(source: string) {
    this.name = basename(source)
    this.#source = source
    this.binary = join(cacheDirectory, 'go', this.name, this.name)
    this.#stamp = join(cacheDirectory, 'go', this.name, 'built-from')
  }

  /** The binary, when it is built from these sources already. */
  readonly tool = (): Tool => {
    const { binary, name } = this
    const isBuilt = existsSync(binary) && existsSync(this.#stamp) && readFileSync(this.#stamp, 'utf8') === this.#text()
    return isBuilt ? { found: binary } : { missing: `${name} is not built (it needs Go)` }
  }

  /** Builds it where Go is installed; gives why not when that fails. */
  build(): string | null {
    if ('found' in this.tool()) return null
    mkdirSync(join(this.binary, '..'), { recursive: true })
    try {
      const options = { cwd: this.#source, timeout: BUILD_TIMEOUT_MS, stdio: 'pipe' } as const
      execFileSync('go', ['build', '-o', this.binary, '.'], options)
      writeFileSync(this.#stamp, this.#text())
      return null
    } catch (error) {
      return `${this.name} was not built: ${error instanceof Error ? error.message : String(error)}`
    }
  }

  #text(): string {
    return ['main.go', 'go.mod', 'go.sum'].map((name) => readFileSync(join(this.#source, name), 'utf8')).join('\n')
  }
}
