/** The rules of the house hold, and the checker sees what breaks them. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { projectFiles, tidyFindings } from '../tools/tidy.ts'
import { projectDirectory } from './harness/paths.ts'

const findingsIn = (path: string, text: string) => tidyFindings([{ path, text }]).join('\n')

test('every file of the project keeps the rules', () => {
  assert.deepEqual(tidyFindings(projectFiles(projectDirectory)), [])
})

test('an import against the direction of the house is found, one with it is not', () => {
  assert.match(
    findingsIn('src/log/a.ts', "import { x } from '../broker/b.ts'\n"),
    /log may not import src\/broker\/b\.ts/
  )
  assert.match(findingsIn('src/cli/a.ts', "import { x } from '../protocol/b.ts'\n"), /cli may not import/)
  assert.equal(findingsIn('src/broker/a.ts', "import { x } from '../log/b.ts'\n"), '')
  assert.equal(findingsIn('src/log/a.ts', "import type { X } from '../broker/b.ts'\n"), '')
  assert.equal(findingsIn('src/cli/serve.ts', "import { startKafka } from '../index.ts'\n"), '')
})

test('the files of a stopped broker are looked into by three commands, and by no room that serves', () => {
  const reader = "import { checkDirectory } from '../../inspection/check/check.ts'\n"
  assert.equal(findingsIn('src/cli/check/run.ts', reader), '')
  assert.match(findingsIn('src/cli/trace/run.ts', reader), /cli may not import src\/inspection/)
  assert.match(findingsIn('src/broker/a.ts', "import { x } from '../inspection/b.ts'\n"), /broker may not import/)
  assert.equal(findingsIn('src/inspection/a.ts', "import { x } from '../log/b.ts'\n"), '')
  assert.match(findingsIn('src/inspection/a.ts', "import { x } from '../broker/b.ts'\n"), /inspection may not import/)
  assert.match(findingsIn('src/cli/dump/run.ts', "import { x } from '../../broker/b.ts'\n"), /cli may not import/)
})

test('an import that spans lines is seen', () => {
  assert.match(findingsIn('src/host/a.ts', "import {\n  x,\n  y\n} from '../log/b.ts'\n"), /host may not import/)
})

test('touching time, disk, network or chance outside of the host is found', () => {
  for (const line of ["import { x } from 'node:fs'", 'const t = Date.now()', 'setTimeout(f, 1)', 'Math.random()']) {
    assert.match(findingsIn('src/broker/a.ts', `${line}\n`), /only src\/host\/node may/)
    assert.equal(findingsIn('src/host/node/a.ts', `${line}\n`), '')
  }
  assert.equal(findingsIn('src/broker/a.ts', '// Date.now() is not called here\n'), '')
})

test('work whose mistake would end the process is found where it belongs to a broker', () => {
  assert.match(findingsIn('src/log/a.ts', 'queueMicrotask(f)\n'), /atEndOfTurn/)
  assert.equal(findingsIn('src/server/a.ts', 'queueMicrotask(f)\n'), '')
})

test('a file that is too long, a vague name and unfinished work are found', () => {
  assert.match(findingsIn('src/log/a.ts', 'x\n'.repeat(601)), /601 lines/)
  assert.equal(findingsIn('src/protocol/generated/a.ts', 'x\n'.repeat(601)), '')
  assert.match(findingsIn('src/log/a.ts', `class ${'Segment'}Manager {}\n`), /named after nothing/)
  assert.match(findingsIn('src/log/utils/a.ts', ''), /named after nothing/)
  assert.match(findingsIn('src/log/a.ts', `// ${'TO'}${'DO'} later\n`), /finish it/)
})
