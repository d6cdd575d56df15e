/** What npm shows of the package, and what lies beside it: every link leads somewhere, for those who have no clone. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join, posix } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { commands } from '../../src/cli/commands.ts'
import { run, runToSuccess } from '../harness/child-process.ts'
import { odradek } from '../harness/odradek-process.ts'
import { projectDirectory, type TemporaryDirectory, temporaryDirectory } from '../harness/paths.ts'
import { skipUnless } from '../harness/tools.ts'
import { clone, inRepository } from './clone.ts'
import { npm, packedName } from './packed.ts'

const address = 'https://git.example/someone/odradek'
const skip = skipUnless(odradek(), inRepository)

interface Package {
  readonly manifest: Readonly<Record<string, unknown>>
  readonly files: readonly string[]
  text(path: string): string
}

/** Of every link and picture: where it leads. */
function linksIn(text: string): { readonly isPicture: boolean; readonly target: string }[] {
  const found = text.matchAll(/(!?)\[[^\]]*\]\(([^)#]+)(?:#[^)]*)?\)/g)
  return [...found].map(([, mark, target = '']) => ({ isPicture: mark === '!', target }))
}

function isThere(path: string, files: readonly string[]): boolean {
  return files.some((one) => one === path || (path.endsWith('/') && one.startsWith(path)))
}

async function made(place: string): Promise<Package> {
  const tarball = join(place, packedName(await npm(place, ['pack', './dist', '--json'])))
  const tar = (...words: string[]): string => execFileSync('tar', words, { cwd: place, encoding: 'utf8' })
  const files = tar('-tzf', tarball).trim().split('\n')
  const text = (path: string): string => tar('-xzOf', tarball, `package/${path}`)
  return { manifest: JSON.parse(text('package.json')), files: files.map((path) => path.slice('package/'.length)), text }
}

suite('the pages of the package', { skip }, () => {
  let place: TemporaryDirectory
  let without: Package
  let named: Package

  before(async () => {
    place = temporaryDirectory('pages')
    clone(place.path)
    const path = join(place.path, 'package.json')
    const { repository: _, bugs: __, homepage: ___, ...manifest } = JSON.parse(readFileSync(path, 'utf8'))
    writeFileSync(path, JSON.stringify(manifest))
    await npm(place.path, ['run', 'build'])
    without = await made(place.path)
  })
  after(() => place.remove())

  async function withRepository(): Promise<Package> {
    await npm(place.path, ['pkg', 'set', 'repository.type=git', `repository.url=git+${address}.git`])
    await npm(place.path, ['run', 'build'])
    return made(place.path)
  }

  function assertPagesHold({ files, text, manifest }: Package): void {
    const served = `https://unpkg.com/odradek@${manifest.version}/`
    for (const { target, isPicture } of linksIn(text('README.md'))) {
      assert.match(target, /^https:/)
      if (isPicture) assert.ok(target.startsWith(served), target)
      if (target.startsWith(served)) assert.ok(isThere(target.slice(served.length), files), target)
      if (target.startsWith(address)) assert.ok(existsInProject(target), target)
    }
    for (const page of files.filter((path) => path.startsWith('docs/') && path.endsWith('.md')))
      for (const { target } of linksIn(text(page)))
        if (target.startsWith(address)) assert.ok(existsInProject(target), target)
        else if (!/^https?:/.test(target))
          assert.ok(isThere(posix.join(dirname(page), target), files), `${page}: ${target}`)
  }

  function existsInProject(target: string): boolean {
    assert.ok(target.startsWith(`${address}/blob/HEAD/`), target)
    return existsSync(join(projectDirectory, target.slice(`${address}/blob/HEAD/`.length)))
  }

  test('lead to what is in the package, and name what is not, while there is no repository', () => {
    assertPagesHold(without)
    const readme = without.text('README.md')
    assert.match(readme, /^!\[[^\]]+\]\(https:\/\/unpkg\.com\/odradek@[\d.]+\/docs\/pictures\/compare\.svg\)$/m)
    assert.match(readme, /kafkaprod\.ts \(withkafka\/kafkaprod\.ts in the repository\)/)
    assert.equal(without.manifest.homepage, `https://unpkg.com/odradek@${without.manifest.version}/docs/README.md`)
  })

  test('do not tell those who have no clone to run it', () => {
    const readme = without.text('README.md')
    assert.doesNotMatch(readme, /npm (start|test)|Until the package is on npm|<!-- on npm/)
    const [first = ''] = [...readme.matchAll(/^```sh\n(.*?)^```/gms)].map(([, body]) => body)
    const lines = first
      .trim()
      .split('\n')
      .map((line) => line.split(/ +/).slice(0, 3).join(' '))
    assert.deepEqual(lines, ['npx odradek demo', 'npm install odradek'])
    assert.ok(commands.some(({ name }) => name === 'demo'))
  })

  test('are refused by npm, and by the release in one sentence, while there is no repository', async () => {
    // A registry that is nowhere: npm asks none about what is private.
    const nowhere = ['--registry', 'http://127.0.0.1:1/', '--//127.0.0.1:1/:_authToken=none', '--fetch-retries=0']
    const { code, stderr } = await run('npm', ['publish', './dist', ...nowhere], { cwd: place.path })
    assert.notEqual(code, 0)
    assert.match(stderr, /EPRIVATE/)
    const refused = await run('npm', ['run', 'release', '--', '--dry-run'], { cwd: place.path })
    assert.equal(refused.code, 1)
    assert.match(
      refused.stderr,
      /^error: not published: package\.json names no repository\n {2}why: .+\n {2}try: npm pkg set /m
    )
  })

  test('lead to the repository once package.json names it, and the package can be published', async () => {
    named = await withRepository()
    assertPagesHold(named)
    assert.match(
      named.text('README.md'),
      new RegExp(`\\[kafkaprod\\.ts\\]\\(${address}/blob/HEAD/withkafka/kafkaprod\\.ts\\)`)
    )
    assert.equal(named.manifest.homepage, `${address}/blob/HEAD/docs/README.md`)
    assert.deepEqual(named.manifest.repository, { type: 'git', url: `git+${address}.git` })
    assert.ok(!('private' in named.manifest) && !('scripts' in named.manifest))
    const publint = join(projectDirectory, 'node_modules', '.bin', 'publint')
    await runToSuccess(publint, ['--strict', join(place.path, 'dist')])
  })
})
