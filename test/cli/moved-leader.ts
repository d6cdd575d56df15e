/** An answer as a Kafka gives it whose leader has just moved: the new one stands in tagged fields. */
import * as kafka from '@platformatic/kafka'
import { ErrorCode } from '../../src/protocol/error-codes.ts'
import { ProduceResponse } from '../../src/protocol/generated/api/produce-response.ts'
import { Writer } from '../../src/protocol/primitives.ts'

/** Produce v11, for three partitions. */
export function movedLeader(): kafka.Reader {
  const currentLeader = { leaderId: 2, leaderEpoch: 7 }
  const partitionResponses = [0, 1, 2].map((index) => ({
    index,
    errorCode: ErrorCode.NOT_LEADER_OR_FOLLOWER,
    baseOffset: -1,
    currentLeader
  }))
  const nodeEndpoints = [{ nodeId: 2, host: 'localhost', port: 9093 }]
  const writer = new Writer()
  ProduceResponse.encode(writer, { responses: [{ name: 'orders', partitionResponses }], nodeEndpoints }, 11)
  return kafka.Reader.from(writer.toBuffer())
}
