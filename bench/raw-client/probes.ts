/** What single requests take, asked one after the other over a connection of their own. */
import { fetchBody } from '../../test/harness/raw-requests.ts'
import { int8, int32, int64, list, type Reader, text } from '../../test/harness/wire.ts'
import type { RawPipeline } from './connection.ts'

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((one, other) => one - other)
  const middle = sorted.length >> 1
  const upper = sorted[middle] ?? Number.NaN
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? upper)) / 2
}

/** Median milliseconds; the first few are not counted. */
export async function medianMs(times: number, ask: (index: number) => Promise<unknown>): Promise<number> {
  const took: number[] = []
  const warmUp = Math.ceil(times / 5)
  for (let index = -warmUp; index < times; index++) {
    const startedAt = performance.now()
    await ask(index + warmUp)
    if (index >= 0) took.push(performance.now() - startedAt)
  }
  return median(took)
}

/** Fetch, version 4, of one partition; gives how many bytes of records came. */
export async function fetchOnce(
  connection: RawPipeline,
  of: { readonly topic: string; readonly partition?: number; readonly offset: number; readonly maxBytes: number }
): Promise<number> {
  return fetchedBytes(await connection.ask(1, 4, fetchBody(of.topic, of.offset, of.maxBytes, of.partition)))
}

/** Fetch, version 4, of every partition of topics at offset 0, answered at once. */
export function fetchOfAll(topics: readonly { readonly name: string; readonly partitions: number }[]): Buffer {
  const limits = [int32(-1), int32(0), int32(0), int32(1_000_000), int8(0)]
  const asked = topics.map(({ name, partitions }) => {
    const each = Array.from({ length: partitions }, (_, partition) =>
      Buffer.concat([int32(partition), int64(0), int32(100_000)])
    )
    return Buffer.concat([text(name), list(each)])
  })
  return Buffer.concat([...limits, list(asked)])
}

/** Bytes of records in an answer of Fetch, version 4; throws on an error in it. */
export function fetchedBytes(answer: Reader): number {
  let bytes = 0
  answer.int32()
  answer.list(() => {
    answer.text()
    answer.list(() => {
      const partition = answer.int32()
      const errorCode = answer.int16()
      if (errorCode !== 0) throw new Error(`partition ${partition} gave no records: error ${errorCode}`)
      answer.int64()
      answer.int64()
      answer.list(() => [answer.int64(), answer.int64()])
      bytes += answer.blob().length
    })
  })
  return bytes
}

/** Tries again until it works: the broker is on its way up. */
export async function untilItWorks<T>(timeoutMs: number, attempt: () => Promise<T>): Promise<T> {
  const deadline = performance.now() + timeoutMs
  for (;;) {
    try {
      return await attempt()
    } catch (error) {
      if (performance.now() > deadline) throw error
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
  }
}
