/**
 * Makes dist/ the package that is published: its manifest, which is package.json without what only a clone needs, and the pages that
 * npm shows. package.json has no version, so that npm packs dist/ or nothing: a package without its code cannot be made, and whoever
 * installs one is not asked about scripts of ours.
 */
import { copyFile, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

const ofTheClone = ['//', 'private', 'scripts', 'devDependencies']
const pages = ['README.md', 'LICENSE', 'CHANGELOG.md']

export async function writePackage(root, dist) {
  const text = await readFile(join(root, 'package.json'), 'utf8')
  const inside = text.replace('./tools/built.mjs', './index.js').replaceAll(/"(\.\/)?dist\//g, '"$1')
  const fields = Object.entries(JSON.parse(inside)).filter(([name]) => !ofTheClone.includes(name))
  const { name, ...others } = Object.fromEntries(fields)
  const manifest = { name, version: await versionIn(root), ...others }
  await writeFile(join(dist, 'package.json'), `${JSON.stringify(manifest, undefined, 2)}\n`)
  await Promise.all(pages.map((page) => copyFile(join(root, page), join(dist, page))))
}

async function versionIn(root) {
  const source = join('src', 'cli', 'version.ts')
  const version = /export const version = '([^']+)'/.exec(await readFile(join(root, source), 'utf8'))?.[1]
  if (version === undefined) throw new Error(`${source} names no version`)
  return version
}
