/**
 * How this command line was called, so that what it tells the reader to type works as it is: `odradek` where that is on the
 * path, `npx odradek` where npx found it in a project or fetched it; and at the cluster that the call was about.
 */
import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'

let ownName: string | undefined
let ownConnection = ''

/** ` -b prod:9092`, or nothing: the options that said which cluster, for every line that is told from now on. */
export function keepConnection(options: string): void {
  ownConnection = options
}

/** A text whose lines to type begin with `odradek`, as they have to be typed here. */
export function asCalled(text: string): string {
  ownName ??= findOwnName(process.env)
  return asCalledBy(text, ownName, ownConnection)
}

/** `odradek` and the words of its line: that ends where the text does, at two spaces, or at what is no part of a word to type. */
export const lineToType = /(npx )?(?<![\w/-])odradek((?: (?:'[^']*'|"'"|\\.|[^\s'"();,|<>&\\]|[,;](?=\S))+)+)/g

/** The commands that speak with a cluster which the line names. */
const ofACluster = /^ (topics|groups|transactions|brokers|produce|consume|trace) /
const saysWhere = / (-b|--bootstrap-server|--help)\b/

export function asCalledBy(text: string, name: string, connection: string): string {
  return text.replace(lineToType, (_, npx: string | undefined, words: string) => {
    const where = ofACluster.test(words) && !saysWhere.test(words) ? connection : ''
    return `${npx === undefined ? name : 'npx odradek'}${words}${where}`
  })
}

/** A word as a shell takes it. */
export function shellWord(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`
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
