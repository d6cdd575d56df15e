/** Runs `check`: what is found, as it is found; then what it comes to. */
import { join } from 'node:path'
import type { ClusterImage } from '../../coordination/metadata/image.ts'
import { DiskError } from '../../host/disk.ts'
import { holderOf } from '../../host/node/directory-lock.ts'
import { ReadOnlyDisk } from '../../host/node/read-only-disk.ts'
import { type CheckSummary, checkDirectory, recordBytesIn } from '../../inspection/check/check.ts'
import type { Finding } from '../../inspection/check/finding.ts'
import { findNodes } from '../../inspection/cluster-layout.ts'
import { CliError, wrongUsage } from '../cli-error.ts'
import type { Invocation } from '../command.ts'
import { existing } from '../existing-path.ts'
import { ExitCode } from '../exit-codes.ts'
import { chosenFormat, formatRows, grouped, type Row } from '../output.ts'
import { findingLines, summaryLine } from './lines.ts'
import { refuseOneOfSeveral } from './one-of-several.ts'

/** Between two looks at the clock and at the keyboard. */
const pauseMs = 50

/** A node's directory, and what came of it. */
export interface CheckedNode {
  readonly directory: string
  readonly summary: CheckSummary
  readonly findings: readonly Finding[]
}

export async function runCheck(invocation: Invocation): Promise<ExitCode> {
  const { terminal, interrupted } = invocation
  const [directory = ''] = invocation.args
  const format = chosenFormat(invocation)
  const checked: CheckedNode[] = []
  let image: ClusterImage | undefined
  try {
    for (const place of placesIn(directory)) {
      const isBroker = image !== undefined
      const node = await checkNode(invocation, place, image)
      if (node === null) break
      checked.push(node)
      if (!isBroker) image = node.summary.image ?? undefined
    }
  } catch (error) {
    if (!(error instanceof DiskError)) throw error
    throw new CliError({ what: error.message, cause: error })
  } finally {
    terminal.status('')
  }
  if (interrupted.aborted) return ExitCode.interrupted
  const findings = checked.flatMap((node) => node.findings.map((finding) => rowOf(node.directory, finding)))
  if (format === 'table') await terminal.write(checked.map((node) => summaryLine(node, terminal.out)).join(''))
  else if (format !== 'jsonl') await terminal.write(formatRows(format, columns, findings))
  return findings.length === 0 ? ExitCode.done : ExitCode.notMet
}

const columns = ['severity', 'path', 'position', 'what', 'advice']

function rowOf(directory: string, { path, ...finding }: Finding): Row {
  return { ...finding, path: join(directory, path) }
}

/** The controller's directory first: it has the metadata of the others. */
function placesIn(directory: string): string[] {
  existing(directory)
  refuseOneOfSeveral(directory, 'odradek check')
  const nodes = findNodes(new ReadOnlyDisk(directory))
  if (nodes.length === 0)
    throw wrongUsage(`${directory} is not a broker's directory`, 'there is no meta.properties in it')
  const places = nodes.map((node) => join(directory, node.directory))
  for (const place of places) assertUnused(place)
  return places
}

function assertUnused(directory: string): void {
  const holder = holderOf(directory)
  if (holder === null) return
  throw new CliError({
    what: `${directory} is in use by process ${holder}`,
    why: 'what a broker is writing cannot be told from damage',
    next: 'stop it, then check again'
  })
}

/** Null when it was interrupted. */
async function checkNode(
  { terminal, interrupted, ...invocation }: Invocation,
  directory: string,
  image: ClusterImage | undefined
): Promise<CheckedNode | null> {
  const disk = new ReadOnlyDisk(directory)
  const totalBytes = recordBytesIn(disk)
  const format = chosenFormat({ terminal, ...invocation })
  const findings: Finding[] = []
  let readBytes = 0
  let pausedMs = performance.now()
  const steps = checkDirectory(disk, { nowMs: Date.now(), ...(image === undefined ? {} : { image }) })
  for (let step = steps.next(); ; step = steps.next()) {
    if (step.done === true) return { directory, summary: step.value, findings }
    if (step.value.kind === 'finding') {
      const { finding } = step.value
      findings.push(finding)
      if (format === 'jsonl') await terminal.write(formatRows(format, columns, [rowOf(directory, finding)]))
      if (format === 'table') await terminal.write(findingLines(directory, finding, terminal.out))
    } else readBytes += step.value.readBytes
    if (performance.now() - pausedMs < pauseMs) continue
    terminal.status(`${grouped(readBytes)} of ${grouped(totalBytes)} bytes of records looked at`)
    await new Promise<void>((resume) => setImmediate(resume))
    pausedMs = performance.now()
    if (interrupted.aborted) return null
  }
}
