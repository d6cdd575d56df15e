/**
 * Runs a row: each round measures every contender once, so that what disturbs the machine disturbs all. Each round begins with
 * another contender (A B C, B C A, …): who follows a client that left the machine hot is not always the same. What the warm-up
 * or the round before has left in the system's cache is written before a round begins: Kafka and `--durability os` leave all of it
 * (0.4 to 0.7 s of the disk after 400 to 800 MB), and the system would write it while somebody else is measured (default to os
 * 0.82 without, 0.94 with it).
 */
import type { ContenderName } from './contenders.ts'
import { busyness, type Machine, settleDisk } from './machine.ts'
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

/** A quick run leaves out our variants and kfake where they would only repeat what the others beside Kafka have proved. */
export function contendersOf(row: Row, { present, settings }: Run): ContenderName[] {
  const isWithin = !row.contenders.includes('kafka')
  const isProved = (name: ContenderName): boolean => settings.size === 'full' || isWithin || QUICK.includes(name)
  return row.contenders.filter((name) => present.has(name) && isProved(name))
}

const QUICK: readonly ContenderName[] = ['kafka', 'odradek', 'null', 'node']

export async function measureRow(row: Row, run: Run): Promise<RowResult> {
  const startedAt = new Date()
  const busy = busyness()
  const rounds = roundsOf(row, run.rounds, run.settings)
  const samples: Partial<Record<ContenderName, Sample[]>> = {}
  const cold: Partial<Record<ContenderName, Sample>> = {}
  const failures: Partial<Record<ContenderName, string>> = {}
  const stations = new Map<ContenderName, Station>()
  // One that fails must not cost the others their figures, in a run that takes half an hour.
  const fail = (name: ContenderName, error: unknown): void => {
    failures[name] = error instanceof Error ? error.message : String(error)
    run.report(`  ${name.padEnd(15)} FAILED: ${failures[name]}`)
  }
  try {
    for (const name of contendersOf(row, run)) {
      try {
        stations.set(name, await openStation(row, name, run, cold))
      } catch (error) {
        fail(name, error)
      }
    }
    for (let round = 0; round < rounds; round += 1) {
      for (const [name, station] of turned([...stations], round)) {
        if (failures[name] !== undefined) continue
        try {
          settleDisk()
          const sample = await station.round(round)
          samples[name] = [...(samples[name] ?? []), sample]
          run.report(`  ${name.padEnd(15)} ${summary(row, sample)}`)
        } catch (error) {
          fail(name, error)
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
    ...(Object.keys(cold).length > 0 ? { cold } : {}),
    failures
  }
}

/** The same, from another one on. */
function turned<Item>(items: readonly Item[], by: number): Item[] {
  const from = items.length === 0 ? 0 : by % items.length
  return [...items.slice(from), ...items.slice(0, from)]
}

async function openStation(
  row: Row,
  name: ContenderName,
  run: Run,
  cold: Partial<Record<ContenderName, Sample>>
): Promise<Station> {
  const station = await row.open(name, run.settings)
  try {
    const sample = await station.cold?.()
    if (sample === undefined) return station
    cold[name] = sample
    run.report(`  ${name.padEnd(15)} cold: ${summary(row, sample)}`)
    return station
  } catch (error) {
    await station[Symbol.asyncDispose]()
    throw error
  }
}

function summary(row: Row, sample: Sample): string {
  const shown = Object.entries(sample).map(([key, value]) => `${key} ${Number(value.toPrecision(4))}`)
  return shown.length <= 9 ? shown.join(', ') : `${shown.slice(0, 9).join(', ')} … (${row.figures.length} figures)`
}
