import { useEffect, useState } from 'preact/hooks'
import type { LiveRecords, ProblemView, RecordsView, RecordView } from '../wire.ts'
import { ask, listen, path, problemOf } from './api.ts'
import { useCluster } from './cluster.ts'
import { clockTime, count, plural } from './format.ts'
import { Bytes } from './parts/bytes.tsx'
import { Empty, Waiting } from './parts/empty.tsx'
import { Problem } from './parts/problem.tsx'
import { Search } from './parts/search.tsx'
import { RecordPanel } from './record-panel.tsx'

/** What a list keeps: more than anybody reads, and no browser suffers from. */
const kept = 500

interface List {
  /** Newest first. */
  readonly records: readonly RecordView[]
  readonly before: string | null
}

/** Newest first, over all partitions, and what comes comes on top. Nothing vanishes when it is stopped. */
export function Records({ topic }: { readonly topic: string }) {
  const cluster = useCluster()
  const [list, setList] = useState<List | null>(null)
  const [isLive, setLive] = useState(true)
  const [skipped, setSkipped] = useState(0)
  const [problem, setProblem] = useState<ProblemView | null>(null)
  const [wanted, setWanted] = useState('')
  const [open, setOpen] = useState<RecordView | null>(null)

  useEffect(() => {
    if (!isLive) return undefined
    const left = new AbortController()
    const newest = (): void => {
      ask<RecordsView>(path`/api/topics/${topic}/records`, left.signal).then(
        (view) => setList((before) => withNewest(before, view)),
        (error: unknown) => {
          if (!left.signal.aborted) setProblem(problemOf(error))
        }
      )
    }
    const stop = listen<LiveRecords>(
      path`/api/live/topics/${topic}/records`,
      (live) => {
        setProblem(null)
        setSkipped((before) => before + live.skipped)
        // From this word on all that comes is told: what came before is asked for now, also after a pause or an outage.
        if (live.records.length === 0) newest()
        else setList((before) => withNew(before, live.records))
      },
      setProblem
    )
    return () => {
      left.abort()
      stop()
    }
  }, [topic, isLive])

  const older = async (before: string): Promise<void> => {
    try {
      const view = await ask<RecordsView>(`${path`/api/topics/${topic}/records`}?before=${encodeURIComponent(before)}`)
      setList((known) => withOlder(known, view))
    } catch (error) {
      setProblem(problemOf(error))
    }
  }
  const shown = list?.records.filter((record) => matches(record, wanted)) ?? []
  return (
    <>
      <div class="bar">
        <button type="button" aria-pressed={isLive} onClick={() => setLive(!isLive)}>
          {isLive ? '❚❚ Pause' : '▶ Live'}
        </button>
        <Search
          placeholder="Filter what is shown"
          label="Filter the records that are shown"
          value={wanted}
          onChange={setWanted}
        />
        <span class="note">{skipped > 0 && `${plural(skipped, 'record')} came too fast to be shown`}</span>
      </div>
      {problem !== null && <Problem problem={problem} />}
      {list === null && problem === null && <Waiting what="Reading the newest records" />}
      {list !== null && list.records.length === 0 && (
        <Empty title="Nothing is here yet">
          <p>What is written from now on appears here by itself.</p>
          <pre>
            <code>
              odradek produce {topic} 'hello' -b {cluster.bootstrap}
            </code>
          </pre>
        </Empty>
      )}
      {list !== null && list.records.length > 0 && shown.length === 0 && (
        <Empty title={`“${wanted}” is in none of the ${count(list.records.length)} records that are shown`}>
          {null}
        </Empty>
      )}
      {shown.length > 0 && (
        <table class="records">
          <thead>
            <tr>
              <th scope="col">Time</th>
              <th scope="col" class="number spare">
                Partition
              </th>
              <th scope="col" class="number">
                Offset
              </th>
              <th scope="col">Key</th>
              <th scope="col">Value</th>
            </tr>
          </thead>
          <tbody>
            {shown.map((record) => (
              <RecordRow key={placeOf(record)} record={record} onOpen={() => setOpen(record)} />
            ))}
          </tbody>
        </table>
      )}
      {list?.before != null && (
        <button type="button" class="more" onClick={() => older(list.before ?? '')}>
          Show older
        </button>
      )}
      {open !== null && <RecordPanel record={open} onClose={() => setOpen(null)} />}
    </>
  )
}

function RecordRow({ record, onOpen }: { readonly record: RecordView; onOpen(): void }) {
  return (
    // The button is for the keyboard; a mouse need not aim at it.
    <tr class="opens" onClick={() => isSelecting() || onOpen()}>
      <td class="time">{clockTime(record.timestampMs)}</td>
      <td class="number spare">{record.partition}</td>
      <td class="number">
        <button
          type="button"
          class="link"
          onClick={onOpen}
          aria-label={`Open offset ${record.offset} of partition ${record.partition}`}
        >
          {record.offset}
        </button>
      </td>
      <td class="cell">
        <Bytes shown={record.key} />
      </td>
      <td class="cell wide">
        <Bytes shown={record.value} />
      </td>
    </tr>
  )
}

/** Whoever marks a text wants to copy it. */
function isSelecting(): boolean {
  return getSelection()?.isCollapsed === false
}

function placeOf({ partition, offset }: RecordView): string {
  return `${partition}:${offset}`
}

/** Some may have come twice: with the page of the newest, and as they came. */
function unknownTo(list: List | null, records: readonly RecordView[]): readonly RecordView[] {
  const known = new Set(list?.records.map(placeOf))
  return records.filter((record) => !known.has(placeOf(record)))
}

function withNew(list: List | null, records: readonly RecordView[]): List {
  const fresh = unknownTo(list, records)
  return { records: [...fresh, ...(list?.records ?? [])].slice(0, kept), before: list?.before ?? null }
}

/** Between what is shown and the newest there may be more than a page: then what is shown goes. */
function withNewest(list: List | null, view: RecordsView): List {
  const fresh = unknownTo(list, view.records)
  const isJoined = fresh.length < view.records.length
  if (list === null || !isJoined) return view
  return { records: [...fresh, ...list.records].sort(newestFirst).slice(0, kept), before: list.before }
}

function withOlder(list: List | null, { records, before }: RecordsView): List {
  return { records: [...(list?.records ?? []), ...unknownTo(list, records)], before }
}

/** Of what came before the page of the newest and with it; what came later has come on top by itself. */
function newestFirst(one: RecordView, other: RecordView): number {
  return one.partition === other.partition ? other.offset - one.offset : other.timestampMs - one.timestampMs
}

function matches({ key, value, headers }: RecordView, wanted: string): boolean {
  if (wanted === '') return true
  const low = wanted.toLowerCase()
  const texts = [key?.text, value?.text, ...headers.flatMap(([name, content]) => [name, content?.text])]
  return texts.some((text) => text?.toLowerCase().includes(low) === true)
}
