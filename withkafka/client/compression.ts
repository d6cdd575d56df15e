/**
 * Producers compress their batches if they like, and a consumer has to read whatever comes. The client library unpacks gzip by
 * itself; whoever imports this file gives it the other three of Kafka.
 */
import kafkajs from 'kafkajs'

// The package is CommonJS, and not all of its names can be imported one by one.
// Once KafkaJS is there: where nothing is installed, its place says so (tools/not-installed.mjs).
const { decompress: unpackZstd } = await import('fzstd')
const { default: snappyCodec } = await import('kafkajs-snappy')
const { default: lz4 } = await import('lz4js')

const { CompressionCodecs, CompressionTypes } = kafkajs

CompressionCodecs[CompressionTypes.Snappy] = snappyCodec
CompressionCodecs[CompressionTypes.LZ4] = () => reader((bytes) => lz4.decompress(bytes))
CompressionCodecs[CompressionTypes.ZSTD] = () => reader(unpackZstd)

/** Our producer sends its batches as they are. */
function reader(unpack: (bytes: Uint8Array) => Uint8Array) {
  return {
    compress: () => Promise.reject(new Error('this program only reads compressed batches')),
    decompress: async (bytes: Buffer) => Buffer.from(unpack(bytes))
  }
}
