/** Runs a row: A B A B, each round measures every contender once, so that what disturbs the machine disturbs all. */
import type { ContenderName } from './contenders.ts'
import { busyness, type Machine } from './machine.ts'
import type { RowResult } from './results.ts'
import type { Row, Sample, Settings, Station } from './row.ts'

export interface Run {
  readonly present: ReadonlySet<ContenderName>
  readonly settings: Settings
  readonly rounds: number
  readonly machine: Machine
  /** Progress, a line at a time. */
  readonly report: (line: string) => void
}

/** How many rounds a row has when so many were asked for. */
export function roundsOf(row: Row, asked: number, settings: Settings): number {
  return settings.size === 'quick' ? 1 : (row.rounds?.(asked) ?? asked)
}

/** A quick run leaves out our variants and kfake where they would only repeat what the others have proved. */
export function contendersOf(row: Row, { present, settings }: Run): ContenderName[] {
  const isProved = (name: ContenderName): boolean => settings.size === 'full' || QUICK.includes(name)
  return row.contenders.filter((name) => present.has(name) && isProved(name))
}

const QUICK: readonly ContenderName[] = ['kafka', 'odradek', 'null', 'node']

export async function measureRow(row: Row, run: Run): Promise<RowResult> {
  const startedAt = new Date()
  const busy = busyness()
  const rounds = roundsOf(row, run.rounds, run.settings)
  const samples: Partial<Record<ContenderName, Sample[]>> = {}
  const failures: Partial<Record<ContenderName, string>> = {}
  const stations = new Map<ContenderName, Station>()
  try {
    for (let round = 0; round < rounds; round += 1) {
      for (const name of contendersOf(row, run)) {
        if (failures[name] !== undefined) continue
        try {
          const station = stations.get(name) ?? (await row.open(name, run.settings))
          stations.set(name, station)
          const sample = await station.round(round)
          samples[name] = [...(samples[name] ?? []), sample]
          run.report(`  ${name.padEnd(15)} ${summary(row, sample)}`)
        } catch (error) {
          // One that fails must not cost the others their figures, in a run that takes half an hour.
          failures[name] = error instanceof Error ? error.message : String(error)
          run.report(`  ${name.padEnd(15)} FAILED: ${failures[name]}`)
        }
      }
    }
  } finally {
    for (const station of stations.values()) await station[Symbol.asyncDispose]()
  }
  const tookSeconds = Math.round((Date.now() - startedAt.getTime()) / 1000)
  return {
    row: row.name,
    size: run.settings.size,
    rounds,
    machine: run.machine,
    startedAt: startedAt.toISOString(),
    tookSeconds,
    busyness: busy,
    samples,
    failures
  }
}

function summary(row: Row, sample: Sample): string {
  const shown = Object.entries(sample).map(([key, value]) => `${key} ${Number(value.toPrecision(4))}`)
  return shown.length <= 9 ? shown.join(', ') : `${shown.slice(0, 9).join(', ')} … (${row.figures.length} figures)`
}
