/**
 * Requests about transactions that the library does not have, or whose answers it does not read as Kafka writes them: of
 * ListTransactions (66) it reads a field from v2 on that no answer has, and asks for states by names of its own
 * (test/cli/client-library.test.ts looks whether that is still so).
 */
import type * as kafka from '@platformatic/kafka'

interface ListedState {
  readonly transactionalId: string
  readonly producerId: bigint
  readonly state: string
}

export type ListTransactions = kafka.API<
  [states: readonly string[], producerIds: readonly bigint[], longerThanMs: bigint],
  readonly ListedState[]
>

/** v1 knows how long each has lasted; v0 does not ask. */
export function listTransactionsRequest(
  { createAPI, Writer, ResponseError }: typeof kafka,
  version: 0 | 1
): ListTransactions {
  return createAPI(
    66,
    version,
    (states: readonly string[], producerIds: readonly bigint[], longerThanMs: bigint) => {
      const writer = Writer.create()
        .appendArray([...states], (one, state) => one.appendString(state), true, false)
        .appendArray([...producerIds], (one, id) => one.appendInt64(id), true, false)
      return (version === 0 ? writer : writer.appendInt64(longerThanMs)).appendTaggedFields()
    },
    (_correlationId, key, _version, reader) => {
      reader.readInt32()
      const errorCode = reader.readInt16()
      reader.readArray((one) => one.readString(), true, false)
      const listed = reader.readArray((one) => ({
        transactionalId: one.readString(),
        producerId: one.readInt64(),
        state: one.readString()
      }))
      if (errorCode !== 0) throw new ResponseError(key, version, { '/': [errorCode, null] }, listed)
      return listed ?? []
    }
  )
}

export interface AbortMarker {
  readonly topic: string
  readonly partition: number
  readonly producerId: bigint
  readonly producerEpoch: number
  readonly coordinatorEpoch: number
}

/** WriteTxnMarkers (27) v1, which brokers send each other, and who administers a cluster may. */
export function writeAbortMarkerRequest({
  createAPI,
  Writer,
  ResponseError
}: typeof kafka): kafka.API<[AbortMarker], void> {
  return createAPI(
    27,
    1,
    ({ topic, partition, producerId, producerEpoch, coordinatorEpoch }: AbortMarker) =>
      Writer.create()
        .appendArray([topic], (marker) => {
          marker
            .appendInt64(producerId)
            .appendInt16(producerEpoch)
            .appendBoolean(false)
            .appendArray([topic], (one, name) => {
              one.appendString(name).appendArray([partition], (index, number) => index.appendInt32(number), true, false)
            })
            .appendInt32(coordinatorEpoch)
        })
        .appendTaggedFields(),
    (_correlationId, key, version, reader) => {
      const errorCodes: number[] = []
      reader.readArray((marker) => {
        marker.readInt64()
        marker.readArray((one) => {
          one.readString()
          one.readArray((partition) => {
            partition.readInt32()
            errorCodes.push(partition.readInt16())
          })
        })
      })
      const failed = errorCodes.find((code) => code !== 0)
      if (failed !== undefined) throw new ResponseError(key, version, { '/': [failed, null] }, errorCodes)
    }
  )
}
