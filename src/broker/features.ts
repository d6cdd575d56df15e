/**
 * The finalized features that ApiVersions tells, by which newer clients choose their protocols. A feature is told at the
 * level that works here: no `group.version` without the new group protocol.
 */
import type { ApiVersionsResponse } from '../protocol/generated/api/api-versions-response.ts'

export type AdvertisedFeatures = Pick<
  ApiVersionsResponse,
  'supportedFeatures' | 'finalizedFeaturesEpoch' | 'finalizedFeatures'
>

/** metadata.version 33 is 4.4-IV2. */
const features = [
  { name: 'metadata.version', lowest: 7, level: 33 },
  { name: 'transaction.version', lowest: 0, level: 2 }
]

export const advertisedFeatures: AdvertisedFeatures = {
  supportedFeatures: features.map(({ name, lowest, level }) => ({ name, minVersion: lowest, maxVersion: level })),
  finalizedFeaturesEpoch: 0,
  finalizedFeatures: features.map(({ name, level }) => ({ name, minVersionLevel: level, maxVersionLevel: level }))
}
