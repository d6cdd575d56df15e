/** What `check` found, for people. */
import { join } from 'node:path'
import type { Finding, Severity } from '../../inspection/check/finding.ts'
import { counted } from '../counted.ts'
import type { Style } from '../terminal.ts'
import type { CheckedNode } from './run.ts'

export function findingLines(
  directory: string,
  { severity, path, position, what, advice }: Finding,
  style: Style
): string {
  const paint = severity === 'damaged' ? style.red : style.yellow
  const where = position === null ? '' : ` at byte ${position}`
  return [
    `${paint(severity.padEnd(8))} ${join(directory, path)}${where}`,
    `         ${what}`,
    style.dim(`         ${advice}`),
    ''
  ].join('\n')
}

export function summaryLine({ directory, summary, findings }: CheckedNode, style: Style): string {
  const { partitionCount, batchCount, recordCount, shutdown } = summary
  const looked = [
    counted(partitionCount, 'partition'),
    counted(batchCount, 'batch', 'batches'),
    counted(recordCount, 'record')
  ].join(', ')
  const stopped = shutdown === 'clean' ? 'stopped cleanly' : 'not stopped cleanly: the next start recovers it'
  return `${style.bold(directory)}  ${looked}; ${stopped}; ${verdict(findings, style)}\n`
}

function verdict(findings: readonly Finding[], style: Style): string {
  const counts = (['damaged', 'remade', 'stray'] as const satisfies readonly Severity[])
    .map((severity) => [severity, findings.filter((finding) => finding.severity === severity).length] as const)
    .filter(([, count]) => count > 0)
  if (counts.length === 0) return style.green('healthy')
  return counts.map(([severity, count]) => `${count} ${severity}`).join(', ')
}
