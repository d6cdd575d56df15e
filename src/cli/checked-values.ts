/**
 * What no value can be, told before a broker is asked: nothing, which is most often a variable of the shell that is not set, and
 * several topics in one word.
 */
import { type CliError, wrongUsage } from './cli-error.ts'
import { type CommandDefinition, flagsOf, isRequired, wordOf } from './command.ts'
import { globalOptionDefinitions } from './global-options.ts'
import { DeclaredOption } from './help.ts'
import { mendedLine } from './mended-line.ts'
import { emptyValue } from './missing-value.ts'

export interface ParsedLine {
  readonly typed: readonly string[]
  readonly args: readonly string[]
  readonly values: Readonly<Record<string, unknown>>
}

/** Throws CliError for the first value that can be none. */
export function checkValues(definition: CommandDefinition, { typed, args, values }: ParsedLine): void {
  for (const [at, argument] of (definition.arguments ?? []).entries()) {
    const { name } = argument
    const given = args.slice(at, name.includes('...') ? undefined : at + 1)
    if (isRequired(argument) && given.includes('')) throw emptyValue(`the ${wordOf(argument)}`)
    const several = /^.topic\W/.test(name) ? given.find((arg) => arg.includes(',')) : undefined
    if (several !== undefined) throw severalInOne(several, typed, name.includes('...') ? 'several' : 'one')
  }
  for (const option of [...(definition.options ?? []), ...globalOptionDefinitions]) {
    const given = values[new DeclaredOption(option).attributeName()]
    if (!option.mayBeEmpty && (given === '' || (Array.isArray(given) && given.includes('')))) {
      throw emptyValue(`the value of ${flagsOf(option).at(-1)}`)
    }
  }
}

/** `wanted`: how many topics the command takes. */
function severalInOne(word: string, typed: readonly string[], wanted: 'one' | 'several'): CliError {
  const topics = word.split(',').filter((topic) => topic !== '')
  return wrongUsage(
    `"${word}" is no topic: no name has a comma in it`,
    wanted === 'one' ? 'one topic is wanted here' : 'several topics are written with a space between them',
    mendedLine(typed, word, wanted === 'one' ? topics.slice(0, 1) : topics)
  )
}
