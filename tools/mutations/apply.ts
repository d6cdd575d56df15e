/** Makes a mistake in a copy of the project, and sees whether the tests that must notice do. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Mutation } from './list.ts'

/** A mistake may make a test wait for ever: that is noticed as well. */
const testTimeoutMs = 120_000
const copied = [
  'src',
  'test',
  'tools',
  'bench',
  'withkafka',
  'withoutkafka',
  // A test of the command line has its broker from here; the command itself is run from the sources.
  'dist',
  'package.json',
  'tsconfig.json'
]

/** What is wrong with an entry of the list, a line each. */
export function objectionsTo({ what, file, text, tests }: Mutation, projectDirectory: string): string[] {
  const path = join(projectDirectory, file)
  const count = existsSync(path) ? readFileSync(path, 'utf8').split(text).length - 1 : 0
  const missing = tests.filter((test) => !existsSync(join(projectDirectory, test)))
  return [
    ...(count === 1 ? [] : [`${what}: ${file} has its text ${count} times, not once`]),
    ...missing.map((test) => `${what}: there is no ${test}`)
  ]
}

export class MutatedCopy implements Disposable {
  readonly #sound = new Map<string, boolean>()
  readonly #directory = mkdtempSync(join(tmpdir(), 'odradek-mutations-'))

  constructor(projectDirectory: string) {
    for (const name of copied.filter((name) => existsSync(join(projectDirectory, name)))) {
      cpSync(join(projectDirectory, name), join(this.#directory, name), { recursive: true })
    }
    symlinkSync(join(projectDirectory, 'node_modules'), join(this.#directory, 'node_modules'))
  }

  /** Whether a test fails with this mistake, which is gone afterwards. */
  notices(mutation: Mutation): Promise<boolean> {
    return this.#having(mutation, async () => !(await this.#passes(mutation.tests)))
  }

  /** How a script of the project ends with this mistake, which is gone afterwards; null when it was killed. */
  exitCodeWith(mutation: Mutation, script: string, words: readonly string[]): Promise<number | null> {
    return this.#having(mutation, () => this.#run(['--import', 'tsx', script, ...words]))
  }

  async #having<Result>({ file, text, replacement }: Mutation, work: () => Promise<Result>): Promise<Result> {
    const path = join(this.#directory, file)
    const right = readFileSync(path, 'utf8')
    writeFileSync(
      path,
      right.replace(text, () => replacement)
    )
    try {
      return await work()
    } finally {
      writeFileSync(path, right)
    }
  }

  /** Whether the tests pass as long as there is no mistake: one that fails anyway notices nothing. */
  async isSound(tests: readonly string[]): Promise<boolean> {
    const key = tests.join(' ')
    const known = this.#sound.get(key) ?? (await this.#passes(tests))
    this.#sound.set(key, known)
    return known
  }

  async #passes(tests: readonly string[]): Promise<boolean> {
    return (await this.#run(['--import', 'tsx', '--test', `--test-timeout=${testTimeoutMs}`, ...tests])) === 0
  }

  async #run(words: readonly string[]): Promise<number | null> {
    // Node's runner tells a run that began within another one nothing of its own.
    const { NODE_TEST_CONTEXT: _, ...env } = process.env
    const run = spawn(process.execPath, words, {
      cwd: this.#directory,
      stdio: 'ignore',
      env: { ...env, ODRADEK_TEST_CLI: '' }
    })
    const [exitCode]: (number | null)[] = await once(run, 'exit')
    return exitCode ?? null
  }

  [Symbol.dispose](): void {
    rmSync(this.#directory, { recursive: true, force: true, maxRetries: 3 })
  }
}
