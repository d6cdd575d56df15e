/**
 * The finalized features that ApiVersions tells, by which newer clients choose their protocols. A feature is told at the
 * level that works here: no `group.version` without the new group protocol, no `transaction.version` without transactions.
 */
import type { ApiVersionsResponse } from '../protocol/generated/api/api-versions-response.ts'

export type AdvertisedFeatures = Pick<
  ApiVersionsResponse,
  'supportedFeatures' | 'finalizedFeaturesEpoch' | 'finalizedFeatures'
>

/** metadata.version 33 is 4.4-IV2. */
const metadataVersion = { name: 'metadata.version', lowest: 7, level: 33 }

export const advertisedFeatures: AdvertisedFeatures = {
  supportedFeatures: [
    { name: metadataVersion.name, minVersion: metadataVersion.lowest, maxVersion: metadataVersion.level }
  ],
  finalizedFeaturesEpoch: 0,
  finalizedFeatures: [
    { name: metadataVersion.name, minVersionLevel: metadataVersion.level, maxVersionLevel: metadataVersion.level }
  ]
}
