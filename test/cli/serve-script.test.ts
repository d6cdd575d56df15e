/** The script that `serve` runs is made short where nobody reads it; what is in it still has to be found by who reads a stack trace. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { before, test } from 'node:test'
import { odradek } from '../harness/odradek-process.ts'
import { projectDirectory } from '../harness/paths.ts'
import { found } from '../harness/tools.ts'

let script = ''
const files = sourcesOf('src/index.ts', /^src\/(broker|log|controller)\//)

before(() => {
  script = readFileSync(join(found(odradek()), '..', 'serve.script.js'), 'utf8')
})

test("serve's script calls classes, functions and methods as the source does, also private ones", () => {
  const text = script.replaceAll('\\\n', '')
  for (const pattern of [
    /^(?:export )?(?:abstract )?class (\w+)/gm,
    /^(?:export )?(?:async )?function (\w+)/gm,
    /^ {2}(?:async )?(#?\w+)\((?=.*\{$)/gm
  ]) {
    const names = files.flatMap((file) => [...file.matchAll(pattern)].map(([, name = '']) => name))
    const missing = names.filter((name) => !new RegExp(`(?<![\\w$#])${name}(?!\\w)`).test(text))
    assert.ok(names.length > 50, `${pattern} finds ${names.length} names`)
    assert.deepEqual(missing, [], String(pattern))
  }
})

test("serve's script has lines of a length that an error can show", () => {
  const longest = Math.max(...script.split('\n').map((line) => line.length))
  assert.ok(longest < 1000, `${longest} characters`)
})

/** The files with such a path that are part of what begins with this one: a part of the broker that nobody calls yet is in no script. */
function sourcesOf(entry: string, path: RegExp): string[] {
  const texts = new Map<string, string>()
  const waiting = [entry]
  for (let file = waiting.pop(); file !== undefined; file = waiting.pop()) {
    if (texts.has(file)) continue
    const text = readFileSync(join(projectDirectory, file), 'utf8')
    texts.set(file, text)
    for (const [, imported = ''] of text.matchAll(/(?:from |import\()'(\..*)'/g))
      waiting.push(join(dirname(file), imported).replaceAll('\\', '/'))
  }
  return [...texts].filter(([file]) => path.test(file)).map(([, text]) => text)
}
