/** What a broker answers to the bytes of one request. */
export type BrokerAnswer =
  /** `chunks` make one frame, size prefix included. */
  | { readonly kind: 'answer'; readonly chunks: readonly Buffer[]; readonly onSent: (() => void) | null }
  /** No answer is owed. */
  | { readonly kind: 'none' }
  | { readonly kind: 'close'; readonly reason: string }

export function close(reason: string): BrokerAnswer {
  return { kind: 'close', reason }
}
