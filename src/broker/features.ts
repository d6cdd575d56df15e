/**
 * The finalized features that ApiVersions tells, by which newer clients choose their protocols. A feature is told at the
 * level that works here.
 */
import type { ApiVersionsResponse } from '../protocol/generated/api/api-versions-response.ts'

export type AdvertisedFeatures = Pick<
  ApiVersionsResponse,
  'supportedFeatures' | 'finalizedFeaturesEpoch' | 'finalizedFeatures'
>

/** metadata.version 33 is 4.4-IV2. */
const metadataVersion = { name: 'metadata.version', lowest: 7, level: 33 }
/** 1: consumer groups of KIP-848. */
const groupVersion = { name: 'group.version', lowest: 0, level: 1 }
/** 2: share groups (KIP-932), with dead letters (KIP-1191). */
const shareVersion = { name: 'share.version', lowest: 0, level: 2 }
/** 2: each transaction has an epoch of its own (KIP-890). */
const transactionVersion = { name: 'transaction.version', lowest: 0, level: 2 }
/** 1: streams groups of KIP-1071. */
const streamsVersion = { name: 'streams.version', lowest: 0, level: 1 }
const features = [metadataVersion, groupVersion, shareVersion, streamsVersion, transactionVersion]

export const advertisedFeatures: AdvertisedFeatures = {
  supportedFeatures: features.map(({ name, lowest, level }) => ({ name, minVersion: lowest, maxVersion: level })),
  finalizedFeaturesEpoch: 0,
  finalizedFeatures: features.map(({ name, level }) => ({ name, minVersionLevel: level, maxVersionLevel: level }))
}
