/** The package as npm would publish it, and projects of other people that install it. */
import { cpSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { run, runToSuccess } from '../harness/child-process.ts'
import { projectDirectory, temporaryDirectory } from '../harness/paths.ts'
import type { Tool } from '../harness/tools.ts'

const installTimeoutMs = 240_000
const commandTimeoutMs = 180_000
const quiet = ['--no-audit', '--no-fund', '--no-update-notifier', '--prefer-offline']

export function npm(cwd: string, words: readonly string[], timeoutMs = commandTimeoutMs): Promise<Buffer> {
  return runToSuccess('npm', words, { cwd, timeoutMs })
}

/** Where npm gets packages from, or why it gets none. */
export async function registry(): Promise<Tool> {
  const asked = ['view', 'kafkajs@2.2.4', 'version', '--fetch-retries=0', '--fetch-timeout=15000']
  const { code } = await run('npm', asked, { timeoutMs: commandTimeoutMs })
  return code === 0 ? { found: 'npm' } : { missing: 'npm gets no packages: no network, or no registry' }
}

export async function pack(into: string): Promise<string> {
  const words = ['pack', './dist', '--json', '--pack-destination', into]
  return join(into, packedName(await npm(projectDirectory, words)))
}

/** npm 10 answers a list of packages, npm 11.8 an object of them by name. */
export function packedName(answer: Buffer): string {
  const packed: unknown = JSON.parse(answer.toString().slice(answer.toString().search(/^[[{]/m)))
  const [first] = Object.values(typeof packed === 'object' && packed !== null ? packed : {})
  if (typeof first !== 'object' || first === null || !('filename' in first)) throw new Error(`npm packed: ${answer}`)
  return String(first.filename)
}

export interface Project extends Disposable {
  readonly path: string
  /** Runs a program that the project has installed, or node; gives its standard output, or rejects with all it said. */
  run(program: string, words: readonly string[], env?: Readonly<Record<string, string>>): Promise<string>
}

/** A copy of one of the projects in `fixtures/`, with its dependencies and the packed package installed. */
export async function install(fixture: string, tarball: string): Promise<Project> {
  const place = temporaryDirectory(`packages-${fixture}`)
  cpSync(join(projectDirectory, 'test', 'packages', 'fixtures', fixture), place.path, { recursive: true })
  await npm(place.path, ['install', ...quiet, tarball], installTimeoutMs)
  return projectAt(place.path, place.remove)
}

/** A project that has nothing but the package. */
export async function installAlone(tarball: string, name: string): Promise<Project & { readonly said: string }> {
  const place = temporaryDirectory(name)
  writeFileSync(join(place.path, 'package.json'), '{ "private": true }')
  const said = await npm(place.path, ['install', ...quiet, '--foreground-scripts', tarball], installTimeoutMs)
  return { ...projectAt(place.path, place.remove), said: said.toString() }
}

function projectAt(path: string, remove: () => void): Project {
  return {
    path,
    run: async (program, words, env = {}) => {
      const command = program === 'node' ? process.execPath : join(path, 'node_modules', '.bin', program)
      // Under `node --test` a program believes that it is a test of ours, and tells its results in our way.
      const options = { cwd: path, timeoutMs: commandTimeoutMs, env: { ...env, NODE_TEST_CONTEXT: '' } }
      return (await runToSuccess(command, words, options)).toString()
    },
    [Symbol.dispose]: remove
  }
}
