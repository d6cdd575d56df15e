/**
 * What `trace` was asked for, checked and with types.
 */
import { wrongUsage } from '../cli-error.ts'
import type { Invocation } from '../command.ts'

export interface TracePlan {
  readonly topic: string
  readonly message: SoughtMessage
  /** A log directory to look in instead of the one the leader names. */
  readonly data: string | undefined
}

export type SoughtMessage =
  | { readonly by: 'key'; readonly key: Buffer }
  | { readonly by: 'offset'; readonly partition: number; readonly offset: bigint }

export function readPlan({ args, flags }: Pick<Invocation, 'args' | 'flags'>): TracePlan {
  const key = flags.text('key')
  const offset = flags.text('offset')
  if (key !== undefined && offset !== undefined) {
    throw wrongUsage('--key and --offset exclude each other', 'one message is traced at a time')
  }
  if (offset !== undefined) return { topic: args[0] ?? '', message: parsePlace(offset), data: flags.text('data') }
  if (key === undefined) {
    throw wrongUsage(
      'which message?',
      'a message is named by its key, or by its partition and offset',
      `odradek trace ${args[0] ?? 'orders'} --key 42   or   --offset 0:17`
    )
  }
  return { topic: args[0] ?? '', message: { by: 'key', key: Buffer.from(key) }, data: flags.text('data') }
}

const largestOffset = 2n ** 63n - 1n

/** `0:17` is offset 17 of partition 0. */
export function parsePlace(text: string): SoughtMessage {
  const found = /^(\d{1,9}):(\d{1,19})$/.exec(text.trim())
  const [, partition, offset] = found ?? []
  if (partition === undefined || offset === undefined || BigInt(offset) > largestOffset) {
    throw wrongUsage(`"${text}" is not a place`, 'a place is partition:offset, for example 0:17')
  }
  return { by: 'offset', partition: Number(partition), offset: BigInt(offset) }
}
