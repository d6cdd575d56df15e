/**
 * DescribeShareGroupOffsets (90): how far the share partitions of groups are (KIP-932).
 *
 * v1 lag (KIP-1226)
 * Without topics: all that are initialized. What is not there, or cannot be told now, has start offset -1, which is no error.
 */
import { limits } from '../../limits.ts'
import { ApiKey } from '../../protocol/api-keys.ts'
import { DescribeShareGroupOffsetsRequest } from '../../protocol/generated/api/describe-share-group-offsets-request.ts'
import { DescribeShareGroupOffsetsResponse } from '../../protocol/generated/api/describe-share-group-offsets-response.ts'
import { api } from '../api.ts'
import { describedShareGroupOffsets } from '../share-group-offsets.ts'

export const describeShareGroupOffsets = api(ApiKey.DescribeShareGroupOffsets, {
  versions: [0, 1],
  request: DescribeShareGroupOffsetsRequest,
  response: DescribeShareGroupOffsetsResponse,
  authorization: { every: ['describe group', 'describe topic'] },
  memoryBytes: limits.decodedListBytes,
  stage: 'may wait',
  failed({ groups }, failure) {
    return { throttleTimeMs: 0, groups: groups.map(({ groupId }) => ({ groupId, topics: [], ...failure })) }
  },

  async handle({ groups }, { broker }) {
    const described = []
    // One after the other: each may ask for every partition of the cluster.
    for (const group of groups) described.push(await describedShareGroupOffsets(broker, group))
    return { throttleTimeMs: 0, groups: described }
  }
})
