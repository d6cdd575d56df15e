/** Every row, in the order in which they run. */
import type { Row } from '../row.ts'
import { crashRows } from './after-a-crash.ts'
import { clusterRows } from './cluster.ts'
import { compaction } from './compaction.ts'
import { groupRows } from './groups.ts'
import { growthRows } from './growth.ts'
import { latencyRows } from './latency.ts'
import { pauses } from './pauses.ts'
import { scaleConnections, scaleGroups, scaleMembers } from './scale-clients.ts'
import { scaleLog } from './scale-log.ts'
import { scaleTopics } from './scale-topics.ts'
import { startRows } from './start.ts'
import { throughputRows } from './throughput.ts'
import { transactions } from './transactions.ts'

export const rows: readonly Row[] = [
  ...throughputRows,
  transactions,
  compaction,
  ...groupRows,
  ...latencyRows,
  pauses,
  ...clusterRows,
  ...startRows,
  ...crashRows,
  ...growthRows,
  scaleTopics,
  scaleConnections,
  scaleGroups,
  scaleMembers,
  scaleLog
]
