import { useState } from 'preact/hooks'
import type { ProblemView, ProducedView, RecordToProduce } from '../wire.ts'
import { path, problemOf, send } from './api.ts'
import { useCluster } from './cluster.ts'
import { toProduce } from './commands.ts'
import { Command } from './parts/command.tsx'
import { Dialog } from './parts/dialog.tsx'
import { Problem } from './parts/problem.tsx'

export interface ProduceProps {
  readonly topic: string
  /** A record that is sent again. */
  readonly first?: RecordToProduce
  onClose(): void
}

/** One record, written with acks=all: what is told to be there is safe. */
export function Produce({ topic, onClose, first }: ProduceProps) {
  const cluster = useCluster()
  const [key, setKey] = useState(first?.key ?? '')
  const [value, setValue] = useState(first?.value ?? '')
  const [hasKey, setHasKey] = useState(first?.key === '')
  const [isTombstone, setTombstone] = useState(first !== undefined && first.value === null)
  const [isWriting, setWriting] = useState(false)
  const [produced, setProduced] = useState<ProducedView | null>(null)
  const [problem, setProblem] = useState<ProblemView | null>(null)
  // An empty key is a key, where it was one.
  const record: RecordToProduce = {
    ...{ key: key === '' && !hasKey ? null : key, value: isTombstone ? null : value },
    ...{ headers: first?.headers ?? [], partition: null }
  }
  const write = async (event: Event): Promise<void> => {
    event.preventDefault()
    setWriting(true)
    try {
      setProduced(await send<ProducedView>('POST', path`/api/topics/${topic}/records`, record))
      setProblem(null)
    } catch (error) {
      setProduced(null)
      setProblem(problemOf(error))
    } finally {
      setWriting(false)
    }
  }
  return (
    <Dialog title={`Write to ${topic}`} onClose={onClose}>
      <form onSubmit={write}>
        <label>
          Key
          <input
            value={key}
            placeholder="none"
            onInput={({ currentTarget }) => {
              setKey(currentTarget.value)
              setHasKey(false)
            }}
          />
        </label>
        <label>
          Value
          <textarea
            rows={8}
            value={value}
            disabled={isTombstone}
            spellcheck={false}
            onInput={({ currentTarget }) => setValue(currentTarget.value)}
          />
        </label>
        <label class="check">
          <input type="checkbox" checked={isTombstone} onChange={() => setTombstone(!isTombstone)} />
          No value: a tombstone, by which compaction forgets the key
        </label>
        {record.headers.length > 0 && (
          <p class="note">With its headers: {record.headers.map(([name]) => name).join(', ')}.</p>
        )}
        {problem !== null && <Problem problem={problem} />}
        <output class="told">
          {produced !== null && (
            <>
              It is at offset <strong>{produced.offset}</strong> of partition <strong>{produced.partition}</strong>
              {key === '' ? '' : ', which its key chose'}.
            </>
          )}
        </output>
        <div class="actions">
          <button type="button" onClick={onClose}>
            Close
          </button>
          <button type="submit" class="main" disabled={isWriting}>
            Write
          </button>
        </div>
      </form>
      <Command title="Show me the command" lines={toProduce(cluster.bootstrap, topic, record.key, record.value)} />
    </Dialog>
  )
}
