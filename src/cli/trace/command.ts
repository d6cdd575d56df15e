/**
 * `odradek trace`: one message's way, step by step.
 */
import type { CommandDefinition } from '../command.ts'

export const trace: CommandDefinition = {
  name: 'trace',
  summary: "one message's way: producer, partition, broker, copies, consumers",
  notes: `Each step is told twice: as an engineer says it and, dimmed, as the post office
would. Nothing is moved or committed.

--key finds the newest message with that key: first in the partition that the key's hash gives, from the end backwards,
then in the others. The file and the byte are told when the broker's directory can be read on this machine.

With -o json (or jsonl, yaml) the same as data: topic, topicId, partition, offset, timestamp, timestampType, key, value,
headerCount; producer {id, epoch, sequence} or null; batch {firstOffset, lastOffset, records, index, sizeBytes, compression,
crc, leaderEpoch, transaction}; partitioning {partitions, murmur2, hashedPartition, explanation, fittingCounts};
log {startOffset, highWatermark, lastStableOffset, visibleTo}; copies [{node, role, inSync, directory, sizeBytes, behind,
file {path, position, sizeBytes}, note}]; groups [{group, type, state, committed, status, before, member, note}].
csv and raw give one row: where it lies.`,
  arguments: [{ name: '<topic>', description: 'the topic' }],
  options: [
    {
      flags: '-k, --key <key>',
      description: 'the newest message with this key',
      mayBeEmpty: true,
      mayLookLikeOption: true
    },
    { flags: '--offset <partition:offset>', description: 'the message at this place, for example 0:17' },
    {
      flags: '-d, --data <directory>',
      description: "a broker's log directory on this machine, if it is not where it says"
    }
  ],
  examples: [
    ['odradek trace orders --key 42', 'where is order 42, and who has read it?'],
    ['odradek trace orders --offset 0:17 -o json', 'the same as data']
  ],
  async run(invocation) {
    const { runTrace } = await import('./run.ts')
    return await runTrace(invocation)
  }
}
