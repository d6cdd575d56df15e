/**
 * `odradek learn` as a script runs it: the claims as rows, the questions skipped, and the brokers that it asks to have stopped
 * and started really stopped and started.
 */
import { join } from 'node:path'
import { LineProcess } from '../../harness/child-process.ts'
import { projectDirectory } from '../../harness/paths.ts'

const main = join(projectDirectory, 'dist', 'cli', 'main.js')
const rowLimitMs = 180_000

export type Measured = Readonly<Record<string, unknown>>

export interface ClaimRow {
  readonly id: string
  readonly holds: boolean
  readonly statement: string
  readonly measured: Measured
}

export interface LessonRows {
  readonly concept: string
  /** What its topics and groups are called begins so. */
  readonly prefix: string
  /** Of the embedded broker. */
  readonly directory: string | null
  readonly claims: readonly ClaimRow[]
}

export interface Hands {
  stop(broker: number): Promise<void>
  start(broker: number): Promise<void>
}

interface Row {
  readonly concept: string
  readonly event: string
  readonly action?: string
  readonly broker?: number
  readonly prefix?: string
  readonly directory?: string | null
}

/** Runs it to its end, which has to be a good one, and leaves everything in place. */
export async function runLessons(words: readonly string[], hands?: Hands): Promise<LessonRows[]> {
  const lesson = new LineProcess(process.execPath, [main, 'learn', ...words, '--keep', '-o', 'jsonl'])
  try {
    for (let next = 0; ; next++) {
      const row = await nextRow(lesson, next)
      if (row === undefined) break
      if (row.event === 'question') lesson.send('s')
      if (row.event !== 'action') continue
      if (hands === undefined) throw new Error('the lesson asks for hands, and there are none')
      await (row.action === 'stop-broker' ? hands.stop : hands.start)(row.broker ?? 0)
      lesson.send('')
    }
    const code = await lesson.exited
    if (code !== 0)
      throw new Error(`learn ${words.join(' ')} ended with ${code}: ${lesson.lines.join('\n')}\n${lesson.stderr}`)
    return lessonsIn(lesson.lines)
  } finally {
    await lesson.stop()
  }
}

/** Undefined: it has ended. */
async function nextRow(lesson: LineProcess, index: number): Promise<Row | undefined> {
  const found = lesson.until((lines) => lines[index], `row ${index + 1}`, rowLimitMs)
  const ended = lesson.exited.then(() => lesson.lines[index])
  const line = await Promise.race([found, ended]).catch((error: unknown) => {
    if (lesson.isAlive) throw error
    return lesson.lines[index]
  })
  found.catch(() => {})
  return line === undefined ? undefined : JSON.parse(line)
}

function lessonsIn(lines: readonly string[]): LessonRows[] {
  const rows: (Row & ClaimRow)[] = lines.map((line) => JSON.parse(line))
  const begun = rows.filter((row) => row.event === 'begin')
  return begun.map(({ concept, prefix = '', directory = null }) => ({
    concept,
    prefix,
    directory,
    claims: rows.filter((row) => row.event === 'claim' && row.concept === concept)
  }))
}
