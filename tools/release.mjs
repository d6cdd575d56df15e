/** `npm run release [-- OPTION…]`: builds, and publishes the package on npm; the options are those of `npm publish`. */
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { repositoryAddress } from './manifest.mjs'

const root = dirname(dirname(fileURLToPath(import.meta.url)))

if (repositoryAddress(JSON.parse(readFileSync(`${root}/package.json`, 'utf8'))) === undefined) {
  process.stderr.write(`error: not published: package.json names no repository
  why: the page on npm would lack it, and every link to what is not in the package
  try: npm pkg set repository.type=git repository.url=git+https://HOST/OWNER/NAME.git
`)
  process.exit(1)
}
for (const words of [
  ['run', 'build'],
  ['publish', './dist', ...process.argv.slice(2)]
]) {
  const { status } = spawnSync('npm', words, { cwd: root, stdio: 'inherit' })
  if (status !== 0) process.exit(status ?? 1)
}
