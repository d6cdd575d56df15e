import { useState } from 'preact/hooks'
import { useLocation } from 'preact-iso'
import type { ProblemView } from '../wire.ts'
import { path, problemOf, send } from './api.ts'
import { useCluster } from './cluster.ts'
import { toCreateTopic } from './commands.ts'
import { Command } from './parts/command.tsx'
import { Dialog } from './parts/dialog.tsx'
import { Problem } from './parts/problem.tsx'

export function CreateTopic({ onClose }: { onClose(): void }) {
  const cluster = useCluster()
  const { route } = useLocation()
  const [name, setName] = useState('')
  const [partitions, setPartitions] = useState(3)
  const [problem, setProblem] = useState<ProblemView | null>(null)
  const create = async (event: Event): Promise<void> => {
    event.preventDefault()
    try {
      await send('POST', '/api/topics', { name, partitions })
      route(path`/topics/${name}`)
    } catch (error) {
      setProblem(problemOf(error))
    }
  }
  return (
    <Dialog title="New topic" onClose={onClose}>
      <form onSubmit={create}>
        <label>
          Name
          <input required value={name} onInput={({ currentTarget }) => setName(currentTarget.value)} />
        </label>
        <label>
          Partitions
          <input
            type="number"
            min={1}
            max={10_000}
            value={partitions}
            onInput={({ currentTarget }) => setPartitions(currentTarget.valueAsNumber)}
          />
        </label>
        <p class="note">
          So many consumers of one group can share the work. There can be more later, never fewer, and keys move to
          other partitions then.
        </p>
        {problem !== null && <Problem problem={problem} />}
        <div class="actions">
          <button type="button" onClick={onClose}>
            Cancel
          </button>
          <button type="submit" class="main">
            Create
          </button>
        </div>
      </form>
      <Command title="Show me the command" lines={toCreateTopic(cluster.bootstrap, name || 'orders', partitions)} />
    </Dialog>
  )
}
