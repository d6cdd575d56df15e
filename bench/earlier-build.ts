/**
 * Odradek as it was at an earlier commit, built into `.cache`: what a change costs is seen beside it, in turns, in one run.
 * Needs git, and npm for what that commit depends on.
 */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { cacheDirectory, projectDirectory } from '../test/harness/paths.ts'
import type { Tool } from '../test/harness/tools.ts'

const BUILD_TIMEOUT_MS = 600_000

class EarlierBuild {
  #main: string | null = null

  readonly tool = (): Tool =>
    this.#main === null ? { missing: 'no commit was named (--before COMMIT)' } : { found: this.#main }

  /** Builds the commit, unless that was done before. Throws when git does not know it, or when it cannot be built. */
  build(commit: string): void {
    const id = run(projectDirectory, 'git', 'rev-parse', '--verify', `${commit}^{commit}`).trim()
    const directory = join(cacheDirectory, 'bench', 'before', id)
    const main = join(directory, 'dist', 'cli', 'main.js')
    if (!existsSync(main)) {
      mkdirSync(directory, { recursive: true })
      const archive = execFileSync('git', ['archive', id], { cwd: projectDirectory, maxBuffer: 2 ** 30 })
      execFileSync('tar', ['-x', '-C', directory], { input: archive })
      run(directory, 'npm', 'ci', '--no-audit', '--no-fund')
      run(directory, 'npm', 'run', 'build')
    }
    this.#main = main
  }
}

export const earlierBuild = new EarlierBuild()

function run(directory: string, program: string, ...args: readonly string[]): string {
  return execFileSync(program, args, { cwd: directory, timeout: BUILD_TIMEOUT_MS, stdio: 'pipe', encoding: 'utf8' })
}
