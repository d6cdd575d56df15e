/**
 * Films the demo as it runs in a real terminal (tmux), for the README: `npx tsx tools/picture/main.ts`. Needs tmux and a built dist/.
 *
 * What is seen is what the program printed; keys are pressed as a person would.
 */
import { execFileSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { filmOf } from './film.ts'
import { readTerminalLines, type TerminalLine } from './terminal-lines.ts'

const root = join(import.meta.dirname, '..', '..')
const session = `odradek-picture-${process.pid}`
const columns = 100
const rows = 30
const frameMs = 500

interface Scene {
  readonly command: string
  readonly title: string
  readonly file: string
  readonly frames: number
  /** Pressed at these frames. */
  readonly keys: Readonly<Record<number, string>>
}

const demo: Scene = {
  command: 'node dist/cli/main.js demo --seed 7',
  title: 'npm start',
  file: 'demo.svg',
  frames: 48,
  keys: { 16: '4', 18: 'k', 32: 'r' }
}

await film(demo)

async function film(scene: Scene): Promise<void> {
  tmux('new-session', '-d', '-s', session, '-x', String(columns), '-y', String(rows), '-c', root, scene.command)
  try {
    tmux('set-option', '-t', session, 'status', 'off')
    const frames: TerminalLine[][] = []
    await pause(3000)
    for (let index = 0; index < scene.frames; index++) {
      const key = scene.keys[index]
      if (key !== undefined) tmux('send-keys', '-t', session, key)
      frames.push(readTerminalLines(tmux('capture-pane', '-e', '-p', '-t', session)))
      process.stderr.write(`\rframe ${index + 1} of ${scene.frames}`)
      await pause(frameMs)
    }
    process.stderr.write('\n')
    const pictures = join(root, 'docs', 'pictures')
    mkdirSync(pictures, { recursive: true })
    writeFileSync(join(pictures, scene.file), filmOf(frames, { columns, rows, frameMs, title: scene.title }))
    tmux('send-keys', '-t', session, 'C-c')
    await pause(3000)
  } finally {
    try {
      tmux('kill-session', '-t', session)
    } catch {
      // It has ended by itself, as it should.
    }
  }
}

function tmux(...args: string[]): string {
  return execFileSync('tmux', args, { encoding: 'utf8', env: { ...process.env, TERM: 'xterm-256color', NO_COLOR: '' } })
}
