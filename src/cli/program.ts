/**
 * Builds the parser from the declarations of all commands, runs the chosen one and returns the exit code.
 *
 * Singular and plural are the same noun. Nothing here or in the declarations loads the client library, so help is quick.
 */
import { Command, CommanderError, Option } from 'commander'
import { wrongUsage } from './cli-error.ts'
import { type CommandDefinition, type CommandGroup, Flags, type OptionDefinition } from './command.ts'
import { commands } from './commands.ts'
import { ExitCode } from './exit-codes.ts'
import { globalOptionDefinitions, resolveGlobalOptions } from './global-options.ts'
import { watchInterruption } from './interruption.ts'
import { presentError } from './present-error.ts'
import { createStyle, processTerminal } from './terminal.ts'
import { version } from './version.ts'

export async function runProgram(words: readonly string[]): Promise<ExitCode> {
  let exitCode: ExitCode = ExitCode.done
  const program = buildProgram(words, async (definition, args, values) => {
    exitCode = await runCommand(definition, args, values)
  })
  try {
    await program.parseAsync(replaceSynonyms(words), { from: 'user' })
    return exitCode
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return ExitCode.done
    if (error instanceof CommanderError && error.code === 'commander.help') return ExitCode.wrongUsage
    const plain = !process.stderr.isTTY || process.env.NO_COLOR || words.includes('--no-color')
    return presentError(error instanceof CommanderError ? fromParser(error, words) : error, {
      style: createStyle(plain ? 'plain' : 'colour'),
      write: (text) => process.stderr.write(text),
      verbose: words.includes('-v') || words.includes('--verbose')
    })
  }
}

type Runner = (
  definition: CommandDefinition,
  args: readonly string[],
  values: Readonly<Record<string, unknown>>
) => Promise<void>

/** The parser for these words. When the first is a command, it knows no other: to start quickly. */
export function buildProgram(words: readonly string[], run: Runner): Command {
  const program = new Command('odradek')
    .description('Kafka in one npm package: a broker, and a command line for any Kafka cluster')
    .version(version, '-V, --version', 'the version')
    .helpOption('-h, --help', 'this help')
    .helpCommand('help [command]', 'help for a command')
    .showSuggestionAfterError()
    .exitOverride()
    .configureOutput({ outputError: () => {} })
    .configureHelp({ showGlobalOptions: true })
  for (const option of globalOptionDefinitions) program.addOption(createOption(option))
  const chosen = commands.find((entry) => namesOf(entry).includes(words[0] ?? ''))
  for (const entry of chosen === undefined ? commands : [chosen]) addCommand(program, entry, run)
  return program
}

function addCommand(parent: Command, entry: CommandDefinition | CommandGroup, run: Runner): void {
  if ('commands' in entry) {
    const group = parent.command(entry.name).alias(entry.singular).description(entry.summary)
    group.copyInheritedSettings(parent)
    for (const definition of entry.commands) addCommand(group, definition, run)
    return
  }
  const command = parent.command(entry.name, { hidden: entry.hidden === true }).description(entry.summary)
  for (const argument of entry.arguments ?? []) command.argument(argument.name, argument.description)
  for (const option of entry.options ?? []) command.addOption(createOption(option))
  command.addHelpText('after', helpTail(entry))
  command.action(async (...parameters: unknown[]) => {
    await run(entry, parameters.slice(0, -2).flat().filter(isText), command.optsWithGlobals())
  })
}

function helpTail(entry: CommandDefinition): string {
  const notes = entry.notes === undefined ? '' : `\n${entry.notes}\n`
  const examples = (entry.examples ?? []).map(([command, meaning]) => `  ${command}\n      ${meaning}`)
  return examples.length === 0 ? notes : `${notes}\nExamples:\n${examples.join('\n')}`
}

function createOption(definition: OptionDefinition): Option {
  const option = new Option(definition.flags, definition.description)
  if (definition.choices) option.choices([...definition.choices])
  if (definition.default !== undefined) option.default(definition.default)
  if (definition.repeatable) {
    option.argParser((value: string, previous: unknown) => [...(Array.isArray(previous) ? previous : []), value])
  }
  return option
}

async function runCommand(
  definition: CommandDefinition,
  args: readonly string[],
  values: Readonly<Record<string, unknown>>
): Promise<ExitCode> {
  const flags = new Flags(values)
  const terminal = processTerminal({ quiet: flags.has('quiet'), noColour: flags.denied('color') })
  const global = resolveGlobalOptions(flags, terminal.env)
  const interrupted = watchInterruption()
  return await definition.run({ terminal, global, args, flags, interrupted })
}

function isText(value: unknown): value is string {
  return typeof value === 'string'
}

/** Commander's message becomes the first line, without its own prefix. */
function fromParser(error: CommanderError, words: readonly string[]) {
  const [what = 'the command could not be understood', ...rest] = error.message.replace(/^error: /, '').split('\n')
  const path = words.filter((word) => /^[a-z]+$/.test(word)).slice(0, 2)
  const known = path.filter((word, index) => isCommandWord(word, path.slice(0, index)))
  return wrongUsage(what, rest.join(' ') || undefined, ['odradek', ...known, '--help'].join(' '))
}

function isCommandWord(word: string, before: readonly string[]): boolean {
  if (before.length === 0) return commands.some((entry) => namesOf(entry).includes(word))
  const group = commands.find((entry) => namesOf(entry).includes(before[0] ?? ''))
  return group !== undefined && 'commands' in group && group.commands.some((command) => command.name === word)
}

function namesOf(entry: CommandDefinition | CommandGroup): readonly string[] {
  return 'commands' in entry ? [entry.name, entry.singular] : [entry.name]
}

/** Turns other tools' option names into ours, up to a lone `--`. A command knows only the names that it declares. */
export function replaceSynonyms(words: readonly string[]): string[] {
  const end = words.indexOf('--')
  const known = end < 0 ? words : words.slice(0, end)
  const synonyms = synonymsFor(known)
  const replaced = known.flatMap((word) => {
    const [name = word, ...value] = word.split('=')
    const ours = synonyms.get(name)
    if (!ours) return [word]
    return value.length === 0 ? ours : [`${ours[0]}=${value.join('=')}`]
  })
  return [...replaced, ...(end < 0 ? [] : words.slice(end))]
}

function synonymsFor(words: readonly string[]): Map<string, readonly string[]> {
  const options = [...globalOptionDefinitions, ...(commandIn(words)?.options ?? [])]
  return new Map(options.flatMap((option) => Object.entries(option.synonyms ?? {})))
}

function commandIn(words: readonly string[]): CommandDefinition | undefined {
  const at = words.findIndex((word) => commands.some((entry) => namesOf(entry).includes(word)))
  const entry = commands.find((one) => namesOf(one).includes(words[at] ?? ''))
  if (entry === undefined || !('commands' in entry)) return entry
  return entry.commands.find((one) => words.slice(at + 1).includes(one.name))
}
