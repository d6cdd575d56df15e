/** A clone that nobody has built by hand, and what is packed in it. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { run, runToSuccess } from '../harness/child-process.ts'
import { odradek } from '../harness/odradek-process.ts'
import { projectDirectory, type TemporaryDirectory, temporaryDirectory } from '../harness/paths.ts'
import { skipUnless } from '../harness/tools.ts'
import { clone, inRepository } from './clone.ts'
import { installAlone, npm, packedName, registry } from './packed.ts'

function tarballsIn(directory: string): string[] {
  return readdirSync(directory).filter((name) => name.endsWith('.tgz'))
}

suite('a clone that is not built', { skip: skipUnless(inRepository) }, () => {
  test('cannot be packed or published, without scripts or with them', async () => {
    using place = temporaryDirectory('clone-unbuilt')
    clone(place.path)
    // The last one runs `prepare` before it is refused, and with that builds.
    const attempts = [['pack', './dist'], ['publish', './dist', '--dry-run'], ['pack'], ['publish', '--dry-run']]
    for (const words of attempts.flatMap((one) => [[...one, '--ignore-scripts'], one])) {
      const { code } = await run('npm', words, { cwd: place.path })
      assert.notEqual(code, 0, words.join(' '))
      assert.deepEqual(tarballsIn(place.path), [], words.join(' '))
    }
  })
})

suite('in a clone where npm install was not run', { skip: skipUnless(inRepository) }, () => {
  test('npm start, a build and the programs of withkafka/ and withoutkafka/ say what to do, without a stack', async () => {
    using place = temporaryDirectory('clone-early')
    clone(place.path)
    const tsx = join(projectDirectory, 'node_modules', '.bin', 'tsx')
    const said = async (command: string, words: readonly string[]) => {
      const { code, stderr } = await run(command, words, { cwd: place.path })
      assert.notEqual(code, 0)
      assert.doesNotMatch(stderr, /^ +at |node:internal/m)
      return stderr
    }
    assert.match(
      await said(tsx, [join('withoutkafka', 'prod.ts'), 'hello']),
      /^error: .*not built.*\n.*\n {2}try: npm install$/m
    )
    rmSync(join(place.path, 'node_modules'))
    const notInstalled = /^error: .*not installed\n.*\n {2}try: npm install$/m
    for (const words of [['start'], ['run', 'build']]) assert.match(await said('npm', words), notInstalled)
    for (const program of [
      'withoutkafka/prod.ts',
      'withoutkafka/cons.ts',
      'withkafka/kafkaprod.ts',
      'withkafka/kafkacons.ts'
    ])
      assert.match(await said(tsx, [program, 'hello']), notInstalled, program)
  })

  test('npx odradek says what to do, and is the command as soon as npm install was run', async () => {
    using place = temporaryDirectory('clone-npx')
    using home = temporaryDirectory('clone-home')
    clone(place.path)
    const installed = join(place.path, 'node_modules')
    rmSync(installed)
    // npx keeps what it has made for a clone in the home.
    const npx = () => run('npx', ['odradek', '--help'], { cwd: place.path, env: { HOME: home.path } })
    const { code, stderr } = await npx()
    assert.equal(code, 1)
    assert.match(stderr, /^error: odradek is not built yet\n {2}why: .*\n {2}try: npm install$/m)
    assert.doesNotMatch(stderr, /npm error/)
    symlinkSync(join(projectDirectory, 'node_modules'), installed)
    await npm(place.path, ['run', 'prepare'])
    const { stdout } = await npx()
    assert.match(stdout.toString(), /^First steps:$/m)
  })
})

test("import 'odradek' in the clone is the package, by all its names", { skip: skipUnless(odradek()) }, async () => {
  const [inClone, packed]: unknown[] = await Promise.all([
    import(join(projectDirectory, 'tools', 'built.mjs')),
    import(join(projectDirectory, 'dist', 'index.js'))
  ])
  assert.deepEqual({ ...Object(inClone) }, { ...Object(packed) })
})

suite('in a clone that npm install has built', { skip: skipUnless(inRepository) }, () => {
  let place: TemporaryDirectory
  let tarball: string

  before(async () => {
    place = temporaryDirectory('clone')
    clone(place.path)
    assert.ok(!existsSync(join(place.path, 'dist')))
    await npm(place.path, ['run', 'prepare'])
    tarball = join(place.path, packedName(await npm(place.path, ['pack', './dist', '--json'])))
  })
  after(() => place.remove())

  test('every file that package.json names is in the tarball, and the pages that npm shows', () => {
    const listed = execFileSync('tar', ['-tzf', tarball], { encoding: 'utf8' }).split('\n')
    const named = [...readFileSync(join(place.path, 'package.json'), 'utf8').matchAll(/"\.?\/?dist\/([^"]+)"/g)]
    assert.ok(named.length >= 5)
    const pages = ['index.js', 'cli/main.js', 'package.json', 'README.md', 'LICENSE', 'CHANGELOG.md']
    for (const path of [...named.map(([, path = '']) => path), ...pages]) {
      assert.ok(listed.includes(`package/${path}`), path)
    }
  })

  test('a program of withoutkafka/ runs, and the command', async () => {
    const tsx = join(projectDirectory, 'node_modules', '.bin', 'tsx')
    const options = { cwd: place.path }
    const words = [join('withoutkafka', 'prod.ts'), '--directory', join(place.path, 'data'), 'hello']
    await runToSuccess(tsx, words, options)
    // What npx runs: npm makes it a program when it links it, and a build later on may not take that back.
    const said = await runToSuccess(join(place.path, 'dist', 'cli', 'main.js'), ['--help'], options)
    assert.match(said.toString(), /^First steps:$/m)
  })

  test('npx odradek is the command of the clone', async () => {
    using cache = temporaryDirectory('npx')
    const words = ['--yes', '--cache', cache.path, 'odradek', '--help']
    const said = await runToSuccess('npx', words, { cwd: place.path })
    assert.match(said.toString(), /^First steps:$/m)
  })

  test('the tarball installs without a script, in a project that has nothing else', async (t) => {
    const reason = skipUnless(await registry())
    if (reason !== false) return t.skip(reason)
    using project = await installAlone(tarball, 'alone')
    assert.doesNotMatch(project.said, /^> odradek@/m)
    const installed = join(project.path, 'node_modules')
    const manifest = JSON.parse(readFileSync(join(installed, 'odradek', 'package.json'), 'utf8'))
    const { optionalDependencies } = manifest
    // npm 11 asks whoever installs a package about any of them, and `prepare` is one.
    assert.ok(!('scripts' in manifest))
    const expected = new Set(['odradek', ...Object.keys(optionalDependencies)].map((name) => name.split('/')[0]))
    assert.deepEqual(
      readdirSync(installed).filter((name) => !name.startsWith('.')),
      [...expected].sort()
    )
    assert.match(await project.run('odradek', ['--help']), /^First steps:$/m)
    assert.equal(await project.run('odradek', ['--version']), `${manifest.version}\n`)
  })
})
