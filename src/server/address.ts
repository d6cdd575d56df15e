/** Where a broker is reached: a host and a port, and how they are written. An IPv6 address stands in brackets. */
export interface Address {
  readonly host: string
  readonly port: number
}

export function formatAddress({ host, port }: Address): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}

/** Null when it is not like 'localhost:9092' or '[::1]:9092'. */
export function parseAddress(text: string): Address | null {
  const [, bracketed, plain, port] = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]/\s]+)):(\d{1,5})$/.exec(text) ?? []
  const host = bracketed ?? plain
  return host === undefined || Number(port) < 1 || Number(port) > 65_535 ? null : { host, port: Number(port) }
}

/** How this machine's programs reach a listener: one on every network is reached as localhost. */
export function reachableAt(listenHost: string, port: number): Address {
  return { host: listenHost === '0.0.0.0' || listenHost === '::' ? 'localhost' : listenHost, port }
}
