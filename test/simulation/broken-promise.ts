/** What a checker throws: a client, or whoever looks into the brokers, has seen what must not be. */
export class BrokenPromise extends Error {
  override readonly name = 'BrokenPromise'
}
