/** The types that the package lz4js does not bring, as far as they are used. */
declare module 'lz4js' {
  export function decompress(frame: Uint8Array): Uint8Array
}
