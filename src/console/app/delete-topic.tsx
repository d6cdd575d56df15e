import { useState } from 'preact/hooks'
import type { ProblemView } from '../wire.ts'
import { path, problemOf, send } from './api.ts'
import { Dialog } from './parts/dialog.tsx'
import { Problem } from './parts/problem.tsx'

/** Asks for the name: a click is too little for what nobody can undo. */
export function DeleteTopic(props: { readonly name: string; onClose(): void; onDeleted(): void }) {
  const [typed, setTyped] = useState('')
  const [problem, setProblem] = useState<ProblemView | null>(null)
  const remove = async (event: Event): Promise<void> => {
    event.preventDefault()
    try {
      await send('DELETE', path`/api/topics/${props.name}`, { name: typed })
      props.onDeleted()
    } catch (error) {
      setProblem(problemOf(error))
    }
  }
  return (
    <Dialog title={`Delete ${props.name}`} onClose={props.onClose}>
      <form onSubmit={remove}>
        <p>All its records go with it, for everybody who reads them. Nobody can bring them back.</p>
        <label>
          Type its name
          <input value={typed} autocomplete="off" onInput={({ currentTarget }) => setTyped(currentTarget.value)} />
        </label>
        {problem !== null && <Problem problem={problem} />}
        <div class="actions">
          <button type="button" onClick={props.onClose}>
            Cancel
          </button>
          <button type="submit" class="danger" disabled={typed !== props.name}>
            Delete
          </button>
        </div>
      </form>
    </Dialog>
  )
}
