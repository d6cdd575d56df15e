/**
 * How this command line was called, so that what it tells the reader to type works as it is: `odradek` where that is on the
 * path, `npx odradek` where npx found it in a project or fetched it.
 */
import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'

let ownName: string | undefined

/** A text whose lines to type begin with `odradek`, as they have to be typed here. */
export function asCalled(text: string): string {
  ownName ??= findOwnName(process.env)
  const name = ownName
  return text.replace(/(?<!npx )(?<![\w/-])odradek(?= [a-zA-Z-])/g, () => name)
}

export function findOwnName(env: Readonly<Record<string, string | undefined>>): string {
  const directories = (env.PATH ?? env.Path ?? '').split(delimiter).filter((directory) => !isProjectBin(directory))
  const names = process.platform === 'win32' ? ['odradek.cmd', 'odradek.exe'] : ['odradek']
  const isOnPath = directories.some((directory) => names.some((name) => existsSync(join(directory, name))))
  return isOnPath ? 'odradek' : 'npx odradek'
}

/** npm and npx put these on the path of what they run; the reader's shell does not have them. */
function isProjectBin(directory: string): boolean {
  return directory === '' || /[\\/]node_modules[\\/]\.bin[\\/]?$/.test(directory) || /[\\/]_npx[\\/]/.test(directory)
}
