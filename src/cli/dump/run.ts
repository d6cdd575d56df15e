/** Runs `dump`: each row as it is read, as a line for people or as JSON. */
import { basename, dirname, join, resolve } from 'node:path'
import { DiskError } from '../../host/disk.ts'
import { ReadOnlyDisk } from '../../host/node/read-only-disk.ts'
import { dumpableAmong, dumpFile } from '../../inspection/dump/dump.ts'
import type { DumpRow } from '../../inspection/dump/row.ts'
import { CliError, wrongUsage } from '../cli-error.ts'
import type { Invocation } from '../command.ts'
import { existing } from '../existing-path.ts'
import { ExitCode } from '../exit-codes.ts'
import { chosenFormat, formatRows } from '../output.ts'
import { lineOf } from './lines.ts'

/** Rows are written together up to so many characters. */
const pieceLength = 64 * 1024

interface File {
  readonly disk: ReadOnlyDisk
  readonly name: string
  /** As it is told to the reader. */
  readonly shown: string
}

export async function runDump(invocation: Invocation): Promise<ExitCode> {
  const format = chosenFormat(invocation)
  if (format === 'csv' || format === 'raw') {
    throw wrongUsage(`dump has no ${format}: its rows have no columns in common`, 'it has table, jsonl, json and yaml')
  }
  const files = invocation.args.flatMap(filesAt)
  let isDamaged = false
  const rows = (function* () {
    for (const file of files) {
      for (const row of rowsOf(file, invocation.flags.has('records'))) {
        isDamaged ||= row.what === 'damage' || row.isValid === false
        yield row
      }
    }
  })()
  if (format === 'json' || format === 'yaml') await invocation.terminal.write(formatRows(format, [], [...rows]))
  else
    await writeInPieces(invocation, rows, (row) =>
      format === 'table' ? lineOf(row, invocation.terminal.out) : formatRows('jsonl', [], [row])
    )
  return isDamaged ? ExitCode.notMet : ExitCode.done
}

async function writeInPieces(
  { terminal, interrupted }: Invocation,
  rows: Iterable<DumpRow>,
  textOf: (row: DumpRow) => string
): Promise<void> {
  let piece = ''
  for (const row of rows) {
    piece += textOf(row)
    if (piece.length < pieceLength) continue
    await terminal.write(piece)
    piece = ''
    if (interrupted.aborted) return
  }
  await terminal.write(piece)
}

function filesAt(named: string): File[] {
  if (!existing(named).isDirectory()) {
    return [{ disk: new ReadOnlyDisk(dirname(resolve(named))), name: basename(named), shown: named }]
  }
  const disk = new ReadOnlyDisk(named)
  const names = dumpableAmong(disk.list(''))
  if (names.length === 0) {
    throw wrongUsage(
      `${named} has no file that a broker writes`,
      'name a file, or the directory of a partition',
      `odradek check ${named}`
    )
  }
  return names.map((name) => ({ disk, name, shown: join(named, name) }))
}

function* rowsOf({ disk, name, shown }: File, isWithRecords: boolean): Generator<DumpRow> {
  try {
    const rows = dumpFile(disk, name, { isWithRecords, directoryName: basename(disk.location) })
    if (rows === null) throw wrongUsage(`${shown} is no file that a broker writes`, 'it is told by its name')
    yield { what: 'file', path: shown, sizeBytes: disk.sizeOf(name) ?? 0 }
    yield* rows
  } catch (error) {
    if (!(error instanceof DiskError)) throw error
    throw new CliError({ what: error.message, cause: error })
  }
}
