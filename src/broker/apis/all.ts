/** Every API of this broker, by key. A test holds this list against the folder. */
import type { Api } from '../api.ts'
import { produce } from './00-produce.ts'
import { fetch } from './01-fetch.ts'
import { listOffsets } from './02-list-offsets.ts'
import { findCoordinator } from './10-find-coordinator.ts'
import { apiVersions } from './18-api-versions.ts'
import { deleteRecords } from './21-delete-records.ts'
import { initProducerId } from './22-init-producer-id.ts'
import { offsetForLeaderEpoch } from './23-offset-for-leader-epoch.ts'
import { describeProducers } from './61-describe-producers.ts'

const apis: readonly Api[] = [
  produce,
  fetch,
  listOffsets,
  findCoordinator,
  apiVersions,
  deleteRecords,
  initProducerId,
  offsetForLeaderEpoch,
  describeProducers
]

export const allApis: ReadonlyMap<number, Api> = new Map(apis.map((api) => [api.key, api]))
