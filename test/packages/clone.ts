/** A copy of the clone for a test to change, build and pack. */
import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, symlinkSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { projectDirectory } from '../harness/paths.ts'

export const inRepository = existsSync(join(projectDirectory, '.git'))
  ? { found: '.git' }
  : { missing: 'this is no clone: the files of the project are not told from others' }

/** The project's files as they are now, built or not, with the dependencies that are installed here. */
export function clone(into: string): void {
  const words = ['ls-files', '-z', '--cached', '--others', '--exclude-standard']
  const names = execFileSync('git', words, { cwd: projectDirectory, encoding: 'utf8' }).split('\0')
  for (const name of names.filter((one) => one !== '' && existsSync(join(projectDirectory, one)))) {
    mkdirSync(dirname(join(into, name)), { recursive: true })
    cpSync(join(projectDirectory, name), join(into, name))
  }
  symlinkSync(join(projectDirectory, 'node_modules'), join(into, 'node_modules'))
}
