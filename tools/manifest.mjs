/**
 * Makes dist/ the package that is published: its manifest, which is package.json without what only a clone needs, and its pages.
 * package.json has no version, so that npm packs dist/ or nothing: a package without its code cannot be made, and whoever
 * installs one is not asked about scripts of ours.
 */
import { copyFile, mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join, relative, sep } from 'node:path'
import { packagePages } from './pages.mjs'

const ofTheClone = ['//', 'private', 'scripts', 'devDependencies']
const unpublished =
  'npm publishes it once package.json of the clone names its repository: see CONTRIBUTING.md, Publishing.'

export async function writePackage(root, dist) {
  const text = await readFile(join(root, 'package.json'), 'utf8')
  const version = await versionIn(root)
  const address = repositoryAddress(JSON.parse(text))
  const packed = ['README.md', 'LICENSE', 'CHANGELOG.md', ...(await filesIn(root, 'docs'))]
  const pages = packagePages({ name: JSON.parse(text).name, version, packed, address })
  const manifest = packageManifest(text, version, pages.pageAddress('docs/README.md'))
  await writeFile(join(dist, 'package.json'), `${JSON.stringify(manifest, undefined, 2)}\n`)
  for (const path of packed) await writePage(root, dist, path, pages)
}

/** Without a repository the page on npm would lack it, and the way to what is not in the package: npm refuses what is private. */
export function packageManifest(text, version, homepage) {
  const built = text.replace('./tools/built.mjs', './index.js').replace('tools/command.cjs', 'cli/main.js')
  const inside = built.replaceAll(/"(\.\/)?dist\//g, '"$1')
  const all = JSON.parse(inside)
  const { name, ...others } = Object.fromEntries(Object.entries(all).filter(([field]) => !ofTheClone.includes(field)))
  const guard = repositoryAddress(all) === undefined ? { '//': unpublished, private: true } : {}
  return { ...guard, name, version, homepage, ...others }
}

/** As npm writes it in a manifest: `git+https://HOST/OWNER/NAME.git`. */
export function repositoryAddress({ repository }) {
  if (repository === undefined) return undefined
  const address = /^git\+(https:\/\/.+)\.git$/.exec(repository.url ?? '')?.[1]
  if (address === undefined) throw new Error('package.json: repository.url is not git+https://HOST/OWNER/NAME.git')
  return address
}

async function writePage(root, dist, path, pages) {
  const [from, to] = [join(root, path), join(dist, path)]
  await mkdir(dirname(to), { recursive: true })
  if (!path.endsWith('.md')) return await copyFile(from, to)
  const text = await readFile(from, 'utf8')
  await writeFile(to, path === 'README.md' ? pages.readme(text) : pages.beside(text, path))
}

async function filesIn(root, folder) {
  const entries = await readdir(join(root, folder), { withFileTypes: true, recursive: true })
  const files = entries.filter((entry) => entry.isFile())
  return files.map(({ parentPath, name }) => relative(root, join(parentPath, name)).replaceAll(sep, '/')).sort()
}

async function versionIn(root) {
  const source = join('src', 'cli', 'version.ts')
  const version = /export const version = '([^']+)'/.exec(await readFile(join(root, source), 'utf8'))?.[1]
  if (version === undefined) throw new Error(`${source} names no version`)
  return version
}
