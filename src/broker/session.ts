/** What the broker remembers of one connection: who speaks, from where. The server makes one for each socket. */
export interface Session {
  readonly id: number
  /** As Kafka writes it in group descriptions: '/127.0.0.1'. */
  readonly clientHost: string
  /** The host name and port that the client reached us by; Metadata tells it to come back there. */
  readonly listener: { readonly host: string; readonly port: number }
}
