/**
 * Films the demo as it runs in a real terminal (tmux) of 80 columns and 24 lines, for the README: `npx tsx tools/picture/main.ts`, or with
 * the name of one scene. Needs tmux and a built dist/.
 *
 * What is seen is what the program printed; keys are pressed as a person would. `--text` prints each frame that differs from the one
 * before as text, for whoever wants to read the film, and writes no picture.
 */
import { execFileSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { filmOf } from './film.ts'
import { type Scene, scenes } from './scenes.ts'
import { readTerminalLines, type TerminalLine } from './terminal-lines.ts'

const root = join(import.meta.dirname, '..', '..')
const session = `odradek-picture-${process.pid}`
const columns = 80
const rows = 24
const frameMs = 500
const endFrames = 14
/** A scene that has not ended by then never will. */
const framesMax = 240

const [wanted] = process.argv.slice(2).filter((word) => !word.startsWith('--'))
const asText = process.argv.includes('--text')

for (const scene of scenes) if (wanted === undefined || wanted === scene.name) await shoot(scene)

async function shoot(scene: Scene): Promise<void> {
  // The screen stays for a while when the program has ended: what it says last is part of the film.
  const command = `${scene.command}; sleep ${(2 * endFrames * frameMs) / 1000}`
  tmux('new-session', '-d', '-s', session, '-x', String(columns), '-y', String(rows), '-c', root, command)
  try {
    tmux('set-option', '-t', session, 'status', 'off')
    const frames = await film(scene)
    if (asText) return
    const pictures = join(root, 'docs', 'pictures')
    mkdirSync(pictures, { recursive: true })
    const options = { columns, rows, frameMs, title: scene.title }
    writeFileSync(join(pictures, `${scene.name}.svg`), filmOf(frames, options))
  } finally {
    try {
      tmux('kill-session', '-t', session)
    } catch {
      // It has ended by itself, as it should.
    }
  }
}

async function film({ name, steps, end }: Scene): Promise<TerminalLine[][]> {
  const frames: TerminalLine[][] = []
  while (isEmpty()) await pause(frameMs / 5)
  let [step, seenAt, endAt, shown] = [0, -1, framesMax, '']
  while (frames.length < endAt) {
    const text = tmux('capture-pane', '-p', '-t', session)
    frames.push(readTerminalLines(tmux('capture-pane', '-e', '-p', '-t', session)))
    const at = frames.length
    const next = steps[step]
    if (seenAt < 0 && next?.seen.test(text)) seenAt = at
    if (next !== undefined && seenAt >= 0 && at >= seenAt + next.afterFrames) {
      tmux('send-keys', '-t', session, next.press)
      step++
      seenAt = -1
    }
    if (endAt === framesMax && end.test(text)) endAt = at + endFrames
    if (asText && text !== shown) process.stdout.write(`── ${name}, ${(at * frameMs) / 1000} s ──\n${text}\n`)
    shown = text
    process.stderr.write(`\r${name}: frame ${at}`)
    await pause(frameMs)
  }
  process.stderr.write('\n')
  return frames
}

/** Until there is a screen to look at: how long a start takes is another story. */
function isEmpty(): boolean {
  return tmux('capture-pane', '-p', '-t', session).trim().split('\n').length < 5
}

function tmux(...args: string[]): string {
  return execFileSync('tmux', args, { encoding: 'utf8', env: { ...process.env, TERM: 'xterm-256color', NO_COLOR: '' } })
}
