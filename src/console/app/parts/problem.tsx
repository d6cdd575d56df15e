import type { ProblemView } from '../../wire.ts'

/** What happened, why, and what to do: nothing fails in silence. */
export function Problem({ problem }: { readonly problem: ProblemView }) {
  return (
    <div class="problem" role="alert">
      <p>
        <strong>{problem.what}</strong>
      </p>
      {problem.why !== null && <p>{problem.why}</p>}
      {problem.next !== null && (
        <p>
          Try: <code>{problem.next}</code>
        </p>
      )}
    </div>
  )
}
