import { createContext } from 'preact'
import { useContext } from 'preact/hooks'
import type { ClusterView } from '../wire.ts'

/** The cluster that the page shows, for all its views. */
export const ClusterContext = createContext<ClusterView | null>(null)

export function useCluster(): ClusterView {
  const cluster = useContext(ClusterContext)
  if (cluster === null) throw new Error('a view stands outside of the cluster')
  return cluster
}
