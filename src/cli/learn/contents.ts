/**
 * `learn` without a concept: the seven, a line each, in the order that builds one on the other, and what goes beyond them.
 */
import { columnsOf } from '../columns.ts'
import type { Invocation } from '../command.ts'
import { ExitCode } from '../exit-codes.ts'
import { formatRows } from '../output.ts'
import { asCalled } from '../own-name.ts'
import type { Voice } from './concept.ts'
import { allConcepts, concepts } from './concepts/all.ts'
import { labelled, widthMax } from './layout.ts'

const columns = ['concept', 'layman', 'engineer']

export async function showContents({ terminal, global }: Invocation, voice: Voice): Promise<ExitCode> {
  const { output } = global
  if (output === 'json' || output === 'jsonl' || output === 'yaml' || output === 'csv' || output === 'raw') {
    await terminal.write(
      formatRows(
        output,
        columns,
        allConcepts.map(({ name, line }) => ({ concept: name, ...line }))
      )
    )
    return ExitCode.done
  }
  const width = Math.min(widthMax, columnsOf(process.stdout) ?? widthMax)
  const { bold, cyan } = terminal.out
  const nameWidth = Math.max(...allConcepts.map(({ name }) => name.length))
  const lines = allConcepts.map(({ name, line }, index) => {
    const label = `  ${index + 1}  ${name.padEnd(nameWidth)}  `
    return labelled(label, line[voice], width)
  })
  await terminal.write(`${bold('Seven concepts, less than five minutes each, in an order that builds up:')}\n\n`)
  const shown = (some: readonly string[][]): string =>
    some
      .flat()
      .map((line) => `${line}\n`)
      .join('')
  await terminal.write(shown(lines.slice(0, concepts.length)))
  await terminal.write(`\nAnd what they are good for together:\n\n${shown(lines.slice(concepts.length))}`)
  await terminal.write(
    [
      '',
      `Begin with       ${cyan(asCalled('odradek learn topic'))}`,
      `All of them      ${cyan(asCalled('odradek learn all'))}`,
      `In Kafka's words ${cyan(asCalled('odradek learn topic --voice engineer'))}`,
      ''
    ].join('\n')
  )
  return ExitCode.done
}
