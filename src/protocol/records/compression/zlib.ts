/** Node's zlib, loaded when something is compressed: most brokers never unpack a batch, and a start should not pay for it. */
type Zlib = typeof import('node:zlib')

let loaded: Zlib | undefined

export function zlib(): Zlib {
  loaded ??= process.getBuiltinModule('node:zlib')
  return loaded
}
