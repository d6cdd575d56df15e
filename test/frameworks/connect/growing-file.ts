/** A file that numbered lines are appended to, for a connector to read. */
import { appendFileSync, writeFileSync } from 'node:fs'

const linesPerWrite = 5
const paceMs = 40

export class GrowingFile {
  written = 0
  readonly #timer: NodeJS.Timeout

  constructor(path: string) {
    writeFileSync(path, '')
    this.#timer = setInterval(() => {
      const numbers = Array.from({ length: linesPerWrite }, (_, index) => this.written + index)
      appendFileSync(path, numbers.map((number) => `${lineOf(number)}\n`).join(''))
      this.written += linesPerWrite
    }, paceMs)
  }

  end(): void {
    clearInterval(this.#timer)
  }
}

export function lineOf(number: number): string {
  return `line ${number}`
}

/** The first that is not the line that must stand there, or the difference in number; null when it is line for line the file. */
export function faultIn(values: readonly string[], lines: number): string | null {
  for (const [number, value] of values.entries())
    if (value !== lineOf(number)) return `'${value}' stands where line ${number} must`
  return values.length === lines ? null : `${values.length} lines are there, and ${lines} were written`
}
