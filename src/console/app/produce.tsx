import { useState } from 'preact/hooks'
import type { ProblemView, ProducedView } from '../wire.ts'
import { path, problemOf, send } from './api.ts'
import { useCluster } from './cluster.ts'
import { toProduce } from './commands.ts'
import { Command } from './parts/command.tsx'
import { Dialog } from './parts/dialog.tsx'
import { Problem } from './parts/problem.tsx'

export interface ProduceProps {
  readonly topic: string
  /** What is in the fields at first: of a record that is sent again. */
  readonly firstKey?: string | null
  readonly firstValue?: string | null
  onClose(): void
}

/** One record, written with acks=all: what is told to be there is safe. */
export function Produce({ topic, onClose, ...first }: ProduceProps) {
  const cluster = useCluster()
  const [key, setKey] = useState(first.firstKey ?? '')
  const [value, setValue] = useState(first.firstValue ?? '')
  const [isTombstone, setTombstone] = useState(false)
  const [produced, setProduced] = useState<ProducedView | null>(null)
  const [problem, setProblem] = useState<ProblemView | null>(null)
  const record = { key: key === '' ? null : key, value: isTombstone ? null : value }
  const write = async (event: Event): Promise<void> => {
    event.preventDefault()
    try {
      setProduced(await send<ProducedView>('POST', path`/api/topics/${topic}/records`, record))
      setProblem(null)
    } catch (error) {
      setProduced(null)
      setProblem(problemOf(error))
    }
  }
  return (
    <Dialog title={`Write to ${topic}`} onClose={onClose}>
      <form onSubmit={write}>
        <label>
          Key
          <input value={key} placeholder="none" onInput={({ currentTarget }) => setKey(currentTarget.value)} />
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
          <button type="submit" class="main">
            Write
          </button>
        </div>
      </form>
      <Command title="Show me the command" lines={toProduce(cluster.bootstrap, topic, record.key, record.value)} />
    </Dialog>
  )
}
