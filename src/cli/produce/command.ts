/**
 * `odradek produce`: sends a value, lines, a file, or made-up records to a topic.
 */
import type { CommandDefinition } from '../command.ts'
import { codecs } from '../compression.ts'
import { topicOption } from '../other-names.ts'
import { templateNames } from './templates.ts'

export const inputFormats = ['text', 'json', 'jsonl', 'raw', 'hex'] as const
export type InputFormat = (typeof inputFormats)[number]

export const produce: CommandDefinition = {
  name: 'produce',
  summary: 'send records to a topic',
  notes: `Without VALUE, each line of standard input (or of --file) is a record; a line
ends with \\n or \\r\\n. Input formats (-i):
  text    the line as it is
  json    the line is checked to be JSON, and sent as it is
  jsonl   the line is a record as "consume -o jsonl" prints it, nothing is lost
  raw     the whole input is one record
  hex     the line is bytes in hexadecimal
With -K a key stands before the value, with -f each where the format says; the
value alone is then text, json or hex. VALUE is read as a line is.

The partition comes from the key as in Java's client (murmur2). Records without
a key are spread by batches, as there: some 16 KiB go to one partition before
the next has its turn, so a few short ones are all in one. Delivery is reported on standard error; with -o jsonl each
record's partition and offset on standard output.

A broker that goes away is waited for, at most --timeout if that is given, and
what it did not answer is sent again: each record is stored once, in order. With
--acks 0 there are no answers, so what was under way may be lost. A record that
the broker refuses is named; the others go on, and the exit code is 6.

With --txn all records are one transaction, committed at the end of the input: who
reads what is committed (consume --isolation committed) gets all of them then, or
none. A record that is refused, a line that cannot be read, and Ctrl-C abort it.
Whoever begins with the same id aborts what another has left open, and fences it.`,
  arguments: [
    { name: '<topic>', description: 'the topic; the broker may create it' },
    { name: '[value]', description: 'one value; without it, standard input' }
  ],
  options: [
    { flags: '-k, --key <key>', description: 'key of every record', mayBeEmpty: true, mayLookLikeOption: true },
    { flags: '-H, --header <name=value>', description: 'header of every record', repeatable: true },
    {
      flags: '-P, --partition <number>',
      description: 'this partition, whatever the key',
      // kcat's -P is told what it is here.
      mayLookLikeOption: true,
      synonyms: { '-p': ['--partition'] }
    },
    { flags: '--repartition', description: 'with -i jsonl: choose partitions anew instead of keeping them' },
    {
      flags: '-K, --key-separator <text>',
      description: 'what stands between key and value on a line, for example : or \\t',
      mayLookLikeOption: true
    },
    { flags: '-i, --input <format>', description: 'how to read the input', choices: inputFormats, default: 'text' },
    { flags: '-f, --format <format>', description: 'how to read each line, for example "%k %v", from %k %v %p %d' },
    { flags: '-F, --file <file>', description: 'read this instead of standard input' },
    { flags: '--null', description: 'a null value (a tombstone); with -K or -f: for lines with an empty value' },
    {
      flags: '-Z, --tombstone',
      description: 'an empty value is sent as null (a tombstone), in VALUE and in each line'
    },
    { flags: '--timestamp <time>', description: 'time of every record, for example -1h or 2026-11-23T18:00' },
    {
      flags: '-z, --compression <codec>',
      description: 'how batches are compressed',
      choices: codecs,
      otherwise: 'none'
    },
    {
      flags: '--acks <acks>',
      description: 'all (or -1): synced on every in-sync replica; 1: written; 0: sent',
      choices: ['all', '-1', '1', '0'],
      otherwise: 'all'
    },
    {
      flags: '--txn <id>',
      description: 'all in one transaction of this transactional id, committed at the end',
      synonyms: { '--transactional-id': ['--txn'] }
    },
    {
      flags: '--rate <records/s>',
      description: 'at most so many, for example 5/s or 300/m',
      otherwise: 'as fast as it goes'
    },
    { flags: '-n, --count <n>', description: 'so many records, then stop; repeats VALUE' },
    {
      flags: '--template <name or text>',
      words: templateNames,
      mayLookLikeOption: true,
      description: `made-up values: ${templateNames.join(', ')}, or text with {{n}}, {{uuid}}, {{now}}, {{int 1 10}}, {{pick a|b}}`
    }
  ],
  synonyms: topicOption,
  examples: [
    ["odradek produce orders 'hello'", 'one record'],
    ['odradek produce orders -k 123 \'{"status":"placed"}\'', 'with a key'],
    ['odradek produce orders -k 123 --null', 'a tombstone for that key'],
    ['odradek produce orders -K : -F orders.txt', 'a file of key:value lines'],
    ['odradek produce orders -F orders.txt --txn import', 'all lines of a file, or none'],
    ['odradek produce orders --template orders --rate 5/s', 'fake orders until Ctrl-C'],
    ['odradek consume orders -e | odradek produce copy -i jsonl', 'copy a topic, nothing lost']
  ],
  async run(invocation) {
    const { runProduce } = await import('./run.ts')
    return await runProduce(invocation)
  }
}
