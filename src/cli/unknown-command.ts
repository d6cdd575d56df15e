/**
 * A command that is not there, answered with the line that was probably meant.
 */
import { type CliError, wrongUsage } from './cli-error.ts'
import { type CommandDefinition, type CommandGroup, findCommand, namesOf } from './command.ts'
import { commands } from './commands.ts'
import { mendedLine, removing } from './mended-line.ts'
import { ourLineFor } from './other-tools.ts'
import { mostSimilar } from './similar.ts'

/** `entry`: the noun whose verb it is not. */
export function noSuchCommand(
  typed: string,
  entry: CommandDefinition | CommandGroup | undefined,
  words: readonly string[]
): CliError {
  const of = entry !== undefined && 'commands' in entry ? entry : undefined
  const before = of === undefined ? [] : [of.name]
  const names = (of?.commands ?? commands).flatMap(namesOf).filter(isPublic)
  const meant = mostSimilar(
    typed,
    names.filter((name) => !removing.has(name) || name[0] === typed[0])
  )
  const mended = meant === undefined ? undefined : mendedLine(words, typed, [meant])
  return wrongUsage(
    `unknown command '${[...before, typed].join(' ')}'`,
    meant === undefined ? undefined : `did you mean ${[...before, meant].join(' ')}?`,
    ourLineFor(words) ?? mended ?? ['odradek', ...before, '--help'].join(' ')
  )
}

function isPublic(name: string): boolean {
  const entry = findCommand(commands, name)
  return !(entry !== undefined && 'hidden' in entry && entry.hidden)
}
