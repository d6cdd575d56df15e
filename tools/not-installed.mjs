/**
 * What tsx finds in the place of KafkaJS where `npm install` was not run (tsconfig.json). Of a module that is missing Node tells with
 * a stack of its loaders, before any line of a program can say what to do; this is the first that the programs run.
 */
process.stderr.write(
  'error: what this program needs is not installed\n  why: there is no kafkajs in node_modules/\n  try: npm install\n'
)
process.exit(1)

// What the programs import of it.
export const Kafka = undefined
export const Partitioners = undefined
export const logLevel = undefined
// biome-ignore lint/style/noDefaultExport: KafkaJS, being CommonJS, has one that they import
export default undefined
