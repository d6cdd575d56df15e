/** What the fuzzers found, kept as small as it could be made: the inputs of each lie in one file, each behind its size. */
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { FrameSplitter } from '../../src/protocol/frame-splitter.ts'

export const findingsDirectory = join(import.meta.dirname, 'findings')
const largestBytes = 16 * 1024 * 1024

export interface KeptFinding {
  readonly target: string
  readonly file: string
  readonly inputs: readonly Buffer[]
}

/** Gives the path. */
export function keepFinding(directory: string, target: string, inputs: readonly Buffer[]): string {
  const bytes = Buffer.concat(inputs.flatMap((input) => [sizeOf(input), input]))
  const path = join(directory, `${target}.${createHash('sha256').update(bytes).digest('hex').slice(0, 8)}`)
  mkdirSync(directory, { recursive: true })
  writeFileSync(path, bytes)
  return path
}

/** As long as nothing was found there is no directory for it. */
export function keptFindings(): KeptFinding[] {
  if (!existsSync(findingsDirectory)) return []
  return readdirSync(findingsDirectory).map((file) => {
    const splitter = new FrameSplitter(largestBytes)
    splitter.push(readFileSync(join(findingsDirectory, file)))
    const inputs: Buffer[] = []
    for (let input = splitter.next(); input !== undefined; input = splitter.next()) inputs.push(input)
    return { target: file.split('.')[0] ?? '', file, inputs }
  })
}

function sizeOf(input: Buffer): Buffer {
  const size = Buffer.alloc(4)
  size.writeInt32BE(input.length)
  return size
}
