/** Runs a hot path in a process of its own, bundled as the package is, so that nothing of the tests' own loader is counted. */
import { mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { build } from 'esbuild'
import { runToSuccess } from '../../test/harness/child-process.ts'
import { projectDirectory } from '../../test/harness/paths.ts'
import type { Cost } from './measure.ts'

/** Room for everything that is allocated while it is measured. */
const roomForAll = ['--expose-gc', '--min-semi-space-size=256', '--max-semi-space-size=256']

export class HotPathRunner {
  readonly #directory: string
  readonly #bundle: string

  static async make(): Promise<HotPathRunner> {
    // Inside the project, where the native CRC is found.
    const directory = mkdtempSync(join(projectDirectory, 'node_modules', '.hot-paths-'))
    const bundle = join(directory, 'main.mjs')
    await build({
      entryPoints: [join(projectDirectory, 'bench', 'hot-paths', 'main.ts')],
      outfile: bundle,
      bundle: true,
      format: 'esm',
      platform: 'node',
      external: ['@node-rs/crc32']
    })
    return new HotPathRunner(directory, bundle)
  }

  private constructor(directory: string, bundle: string) {
    this.#directory = directory
    this.#bundle = bundle
  }

  async costOf(
    name: string,
    requests: number,
    { optimized, kind = 'real' }: { readonly optimized: 'yes' | 'no'; readonly kind?: 'real' | 'wasteful' }
  ): Promise<Cost> {
    const words = [
      ...roomForAll,
      ...(optimized === 'no' ? ['--no-opt'] : []),
      this.#bundle,
      name,
      String(requests),
      kind
    ]
    const output = await runToSuccess(process.execPath, words, { timeoutMs: 120_000 })
    return JSON.parse(output.toString()) as Cost
  }

  [Symbol.dispose](): void {
    rmSync(this.#directory, { recursive: true, force: true })
  }
}
