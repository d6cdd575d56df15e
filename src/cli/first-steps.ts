/**
 * What a bare `odradek` shows, and `odradek --help`: how to begin.
 *
 * The script of `serve` has this file without its contents (tools/build.mjs).
 */
import type { CommandDefinition, CommandGroup } from './command.ts'
import { wrap } from './fold.ts'
import { indent, widthOtherwise } from './help.ts'
import { asCalled } from './own-name.ts'

function commandLine({ name, summary }: CommandDefinition | CommandGroup, width: number): string {
  const column = indent + width + 2
  const lines = wrap(summary, widthOtherwise - column)
  return `${' '.repeat(indent)}${name.padEnd(width + 2)}${lines.join(`\n${' '.repeat(column)}`)}`
}

export function firstSteps(entries: ReadonlyArray<CommandDefinition | CommandGroup>): string {
  const steps = [
    ['odradek demo', 'a food-delivery app, live: see what Kafka is for'],
    ['odradek serve', 'a broker on localhost:9092; leave it running, and in a second terminal:'],
    ["odradek produce orders 'hello'", 'send a message'],
    ['odradek consume orders', 'read it'],
    ['odradek learn', 'the seven concepts, each with an experiment']
  ] as const
  const shown = entries.filter((entry) => !('hidden' in entry && entry.hidden))
  const width = Math.max(...shown.map((entry) => entry.name.length))
  return [
    'Kafka in one npm package: a broker, and a command line for any Kafka cluster\nthat lets everybody in (no passwords and no TLS yet), from Kafka 3.1 on.',
    '',
    'First steps:',
    ...steps.map(([line, meaning]) => `  ${asCalled(line)}\n      ${meaning}`),
    '',
    'Commands:',
    ...shown.map((entry) => commandLine(entry, width)),
    '',
    `  ${asCalled('odradek COMMAND --help')}   a command's options, with examples`,
    `  ${asCalled('odradek help options')}     the options that every command takes`
  ].join('\n')
}
