/**
 * `odradek groups reset`: moves the committed offsets of a group. Shows before and after; --execute does it.
 */

import type { CommandDefinition } from '../command.ts'
import { groupOption } from '../other-names.ts'

export const resetGroup: CommandDefinition = {
  name: 'reset',
  summary: "move a group's committed offsets (a dry run, unless --execute)",
  notes: `Say one of --to, --shift, --by, --from-file. Without --topic: all topics the group has committed to.
The group must have no members while it is moved. The CSV is Apache's: topic,partition,offset.
Of a share group it is moved where the group starts: what it had done behind that it does again.`,
  arguments: [{ name: '<group>', description: 'the group' }],
  options: [
    {
      flags: '--to <place>',
      description: 'earliest, latest, current, an offset, or a time such as 2026-11-23T18:00 or @-1h',
      words: ['earliest', 'latest', 'current']
    },
    {
      flags: '--shift <n>',
      description: 'by so many offsets, for example -10',
      synonyms: { '--shift-by': ['--shift'] }
    },
    {
      flags: '--by <duration>',
      description: 'to where it was so long ago, for example 1h',
      synonyms: { '--by-duration': ['--by'] }
    },
    { flags: '--from-file <csv>', description: 'the offsets in this file' },
    {
      flags: '-t, --topic <topic[:partitions]>',
      description: 'only this topic, or these partitions: orders:0,2',
      repeatable: true
    },
    { flags: '--execute', description: 'do it' },
    { flags: '--export <csv>', description: 'write the new offsets to this file (- for standard output)' }
  ],
  synonyms: {
    ...groupOption,
    '--dry-run': [],
    '--all-topics': [],
    '--to-earliest': ['--to', 'earliest'],
    '--to-latest': ['--to', 'latest'],
    '--to-current': ['--to', 'current'],
    '--to-offset': ['--to'],
    '--to-datetime': ['--to']
  },
  examples: [
    ['odradek groups reset payments --to earliest', 'show what reading again from the start would mean'],
    ['odradek groups reset payments --by 1h --execute', 'read the last hour again'],
    ['odradek groups reset payments --to current --export offsets.csv', 'keep the offsets in a file']
  ],
  async run(invocation) {
    const { runReset } = await import('./run-reset.ts')
    return await runReset(invocation)
  }
}
