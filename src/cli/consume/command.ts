/**
 * `odradek consume`: prints the records of topics.
 */
import type { CommandDefinition } from '../command.ts'
import { partitionOption, topicOption } from '../other-names.ts'
import { encodings } from '../record-json.ts'

export const consume: CommandDefinition = {
  name: 'consume',
  summary: 'print the records of topics, and follow them',
  notes: `Starts at the start and follows, until Ctrl-C. Places to read from (--from):
  start, end       the first record still there; only what is yet to come
  42, +5, -5       offset 42; the sixth record; the last five of each partition
  @-15m, @2026-11-23T18:00, @1763920800000, yesterday
                   the first record not older than that; only a mere number
                   needs the @, and a time of day, which is today's: @09:30
  10:20, :end, @-2h:-1h
                   a range; its end is not read, and "end" is the end as of now
With a group, committed offsets come first, unless --from is given.
A broker that goes away is waited for; partitions that a topic gets are read too.
Whether a pipe is still read (| head) only the next record shows; -n 10 ends at once.

--where is JavaScript over topic, partition, offset, timestamp, key, value
(parsed if it is JSON) and headers. It runs in a context of its own with a time
limit; that is a guard against mistakes, not a security boundary.

-f writes %t topic, %p partition, %o offset, %k key, %v value, %h{%k=%v }
headers, %d timestamp, %j all as JSON, with modifiers such as %v{hex},
%v{base64}, %d{strftime[%F %T %Z]}, %o{big64}; \\n ends a line.`,
  arguments: [{ name: '<topic...>', description: 'one or more topics, or patterns such as "order*"' }],
  options: [
    {
      flags: '--from <place>',
      description: 'where to start, and where to stop',
      otherwise: 'start, with --group where the group stopped',
      words: ['start', 'end'],
      synonyms: { '--from-beginning': ['--from', 'start'], '-B': ['--from', 'start'], '--offset': ['--from'] }
    },
    { flags: '-e, --exit', description: 'stop at the end as it was at the beginning' },
    {
      flags: '-n, --count <n>',
      description: 'stop after n records',
      synonyms: { '--max-messages': ['--count'], '-c': ['--count'] }
    },
    { flags: '--tail <n>', description: 'the last n records of all partitions together, by time, then stop' },
    {
      flags: '-g, --group <name>',
      description: 'as a member of this consumer group',
      synonyms: { '-G': ['--group'] }
    },
    {
      flags: '--group-protocol <protocol>',
      description:
        'by which the group gives out its partitions: that of KIP-848, where the broker does, or the older one',
      choices: ['classic', 'consumer'],
      otherwise: 'classic'
    },
    {
      flags: '--share <name>',
      description: 'as a member of this share group: each record goes to one member, and is done when it is printed'
    },
    {
      flags: '--no-commit',
      description: 'with a group: leave its offsets as they are; with --share: give the records back'
    },
    {
      flags: '-P, --partitions <list>',
      description: 'only these, for example 0 or 0,2-4',
      synonyms: { ...partitionOption, '--partition': ['--partitions'] }
    },
    { flags: '-f, --format <format>', description: 'how to write each record, for example "%k %v\\n"' },
    { flags: '-k, --with-key', description: 'with -o raw: the key and a tab before the value' },
    { flags: '--headers', description: 'with -o raw and on a terminal: headers too' },
    { flags: '-Z, --show-null', description: 'with -o raw and -f: NULL where there is no key or no value' },
    { flags: '--key <encoding>', description: 'how keys are written', choices: encodings, default: 'text' },
    { flags: '--value <encoding>', description: 'how values are written', choices: encodings, default: 'text' },
    {
      flags: '--filter-key <glob>',
      description: 'only records whose key matches',
      mayBeEmpty: true,
      mayLookLikeOption: true
    },
    {
      flags: '--filter-value <glob>',
      description: 'only records whose value matches',
      mayBeEmpty: true,
      mayLookLikeOption: true
    },
    { flags: '--filter-header <name=glob>', description: 'only records with such a header', repeatable: true },
    { flags: '--where <expression>', description: "only records for which it is true, for example 'value.total > 20'" },
    {
      flags: '--isolation <level>',
      description: 'read_committed leaves out what was sent in aborted and open transactions',
      choices: ['committed', 'uncommitted', 'read_committed', 'read_uncommitted'],
      otherwise: 'uncommitted'
    },
    { flags: '--explain', description: 'when nothing comes, say of each partition why' },
    {
      flags: '--expect <n>',
      description: 'wait for n records; exit code 7 if fewer came within --timeout, or 10s without it'
    }
  ],
  synonyms: { ...topicOption, '-C': [], '-J': ['--output', 'jsonl'] },
  examples: [
    ['odradek consume orders', 'everything so far, and what comes'],
    ['odradek consume orders --tail 5', 'the last five records'],
    ['odradek consume orders --from @-15m --exit -o jsonl', 'the last quarter of an hour as JSON lines'],
    ["odradek consume orders --where 'value.total > 20'", 'only the expensive ones'],
    ['odradek consume orders -g payments --explain', 'why nothing comes: who has what, what is held back'],
    ['odradek consume orders -e | odradek produce copy -i jsonl', 'copy a topic, nothing lost'],
    ['odradek consume orders --expect 3 --timeout 5s', 'in a script: fail unless three arrive']
  ],
  async run(invocation) {
    const { runConsume } = await import('./run.ts')
    return await runConsume(invocation)
  }
}
