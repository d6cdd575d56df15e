/** What the reader says, at a keyboard and on a pipe. */
import assert from 'node:assert/strict'
import { PassThrough } from 'node:stream'
import { test } from 'node:test'
import { Answers, Left } from '../../../src/cli/learn/answers.ts'
import { createStyle, type Terminal } from '../../../src/cli/terminal.ts'

function terminalOf(kind: 'keyboard' | 'pipe') {
  const stdin = new PassThrough()
  const shown: string[] = []
  const style = createStyle('plain')
  const isTty = kind === 'keyboard'
  const terminal: Terminal = {
    stdin,
    stdinIsTty: isTty,
    stdoutIsTty: isTty,
    stderrIsTty: isTty,
    env: {},
    out: style,
    err: style,
    write: async () => 'written',
    hint: () => {},
    status: (text) => void shown.push(text)
  }
  return { stdin, terminal, shown }
}

const never = new AbortController().signal

test('at a keyboard Enter goes on and q leaves; what the keys do is shown', async () => {
  const { stdin, terminal, shown } = terminalOf('keyboard')
  const answers = new Answers(terminal, { yes: false, interrupted: never })
  stdin.write('\n')
  await answers.goOn('the experiment')
  stdin.write('q\n')
  await assert.rejects(answers.goOn('more'), Left)
  assert.match(shown.join('\n'), /Enter: the experiment {3}q: leave/)
  answers.close()
})

test('at a keyboard an answer is a line, s skips, q leaves', async () => {
  const { stdin, terminal } = terminalOf('keyboard')
  const answers = new Answers(terminal, { yes: false, interrupted: never })
  stdin.write(' 42 \ns\nq\n')
  assert.deepEqual(await answers.answer('a number'), { kind: 'line', text: '42' })
  assert.equal((await answers.answer('a number')).kind, 'skipped')
  await assert.rejects(answers.answer('a number'), Left)
  answers.close()
})

test('at a keyboard --yes waits for nothing', async () => {
  const { terminal } = terminalOf('keyboard')
  const answers = new Answers(terminal, { yes: true, interrupted: never })
  await answers.goOn('more')
  assert.deepEqual(await answers.answer('a number'), { kind: 'skipped', why: '--yes answers no questions' })
  answers.close()
})

test('on a pipe steps wait for nothing, questions take the lines, and at the end they are skipped', async () => {
  const { stdin, terminal } = terminalOf('pipe')
  const answers = new Answers(terminal, { yes: false, interrupted: never })
  await answers.goOn('more')
  const first = answers.answer('a number')
  stdin.write('1\n')
  assert.deepEqual(await first, { kind: 'line', text: '1' })
  stdin.end('2')
  assert.deepEqual(await answers.answer('a number'), { kind: 'line', text: '2' })
  assert.deepEqual(await answers.answer('a number'), { kind: 'skipped', why: 'standard input has no answer' })
  answers.close()
})

test('on a pipe that stays open --yes takes the lines that are there and waits for no more', async () => {
  const { stdin, terminal } = terminalOf('pipe')
  const answers = new Answers(terminal, { yes: true, interrupted: never })
  stdin.write('1\n')
  assert.deepEqual(await answers.answer('a number'), { kind: 'line', text: '1' })
  assert.equal((await answers.answer('a number')).kind, 'skipped')
  answers.close()
})

test('an interruption ends the waiting', async () => {
  const { terminal } = terminalOf('keyboard')
  const controller = new AbortController()
  const answers = new Answers(terminal, { yes: false, interrupted: controller.signal })
  const waiting = answers.goOn('more')
  controller.abort(new Error('Ctrl-C'))
  await assert.rejects(waiting, /Ctrl-C/)
  answers.close()
})
