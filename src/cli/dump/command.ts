/**
 * `odradek dump`: what a file of a broker's directory says.
 */
import type { CommandDefinition } from '../command.ts'

export const dump: CommandDefinition = {
  name: 'dump',
  summary: 'what the files of a partition say: batches, indexes, checkpoints',
  notes: `Reads the files themselves, Odradek's and Apache Kafka's alike, and changes nothing. Of a directory it shows
every file that a broker writes. Records of the brokers' own topics are told by name.`,
  arguments: [{ name: '<file...>', description: 'files, or directories of partitions' }],
  options: [{ flags: '--records', description: 'the records of each batch too' }],
  examples: [
    ['odradek dump odradek-data/orders-0', 'all files of a partition'],
    ['odradek dump odradek-data/__consumer_offsets-0/*.log --records', 'the committed offsets in it, one by one']
  ],
  async run(invocation) {
    const { runDump } = await import('./run.ts')
    return await runDump(invocation)
  }
}
