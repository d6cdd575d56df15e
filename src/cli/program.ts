/**
 * Builds the parser from the declarations of all commands, runs the chosen one and returns the exit code.
 *
 * Singular and plural are the same noun. Nothing here or in the declarations loads the client library, so help is quick.
 */

import { Command, CommanderError, type Help } from 'commander'
import { checkValues } from './checked-values.ts'
import { CliError, wrongUsage } from './cli-error.ts'
import { columnsOf } from './columns.ts'
import { type CommandDefinition, type CommandGroup, Flags } from './command.ts'
import { commands } from './commands.ts'
import { ExitCode } from './exit-codes.ts'
import { firstSteps } from './first-steps.ts'
import { connectionOptions, globalOptionDefinitions, resolveGlobalOptions } from './global-options.ts'
import { DeclaredOption, globalOptionsLine, helpTail, helpWidth, ReadableHelp } from './help.ts'
import { brokenPipe, endWithReader, watchInterruption } from './interruption.ts'
import { keepConnection } from './own-name.ts'
import { asHelpOption, checkLine, fromParser } from './parser-errors.ts'
import { presentError } from './present-error.ts'
import { createStyle, processTerminal, wantsColour } from './terminal.ts'
import { readLine } from './typed-line.ts'
import { version } from './version.ts'
import { chooseZone } from './zone.ts'

/** Undefined: this is the script of `serve`, and the line is for the whole program. */
export async function runProgram(words: readonly string[]): Promise<ExitCode | undefined> {
  endWithReader()
  const { beforeEnd: options, given } = readLine(words)
  keepConnection(connectionOptions(given))
  const said = answerAtOnce(words, options)
  if (said !== undefined) {
    process.stdout.write(`${said}\n`)
    return ExitCode.done
  }
  let exitCode: ExitCode = ExitCode.done
  const program = buildProgram(words, async (definition, args, values) => {
    checkValues(definition, { typed: words, args, values })
    exitCode = await runCommand(definition, args, values)
  })
  try {
    const asked = asHelpOption(words)
    checkLine(asked)
    await program.parseAsync(replaceSynonyms(asked), { from: 'user' })
    return exitCode
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return ExitCode.done
    if (error instanceof CommanderError && error.code === 'commander.help') return ExitCode.wrongUsage
    const problem = error instanceof CommanderError ? fromParser(error, words) : error
    if (problem === undefined) return undefined
    const isColoured = wantsColour({ noColour: options.includes('--no-color') }, process.env) && process.stderr.isTTY
    return presentError(problem, {
      style: createStyle(isColoured ? 'colour' : 'plain'),
      write: (text) => process.stderr.write(text),
      columns: columnsOf(process.stderr),
      verbose: options.includes('-v') || options.includes('--verbose')
    })
  }
}

/** What needs no command: how to begin, the version wherever it is asked for, the options of every command. */
function answerAtOnce(words: readonly string[], options: readonly string[]): string | undefined {
  if (words.length === 0) return firstSteps(commands)
  if (words.length === 2 && words[0] === 'help' && words[1] === 'options') return globalOptionsHelp()
  return options.includes('--version') || options.includes('-V') ? version : undefined
}

function globalOptionsHelp(): string {
  const help = new ReadableHelp()
  help.helpWidth = helpWidth(columnsOf(process.stdout))
  const items = globalOptionDefinitions.map((definition) => {
    const option = new DeclaredOption(definition)
    return help.formatItem(option.flags, globalTermWidth, help.optionDescription(option))
  })
  return ['Options of every command:', ...items].join('\n')
}

const globalTermWidth = 26

type Runner = (
  definition: CommandDefinition,
  args: readonly string[],
  values: Readonly<Record<string, unknown>>
) => Promise<void>

/** The parser for these words. When they name a command, it knows no other: to start quickly. */
export function buildProgram(words: readonly string[], run: Runner): Command {
  const program = new Odradek('odradek')
    .version(version, '-V, --version', 'the version')
    .helpOption('-h, --help', 'this help')
    .helpCommand('help [command]', 'help for a command')
    .showSuggestionAfterError(false)
    .exitOverride()
    .configureOutput({
      outputError: () => {},
      getOutHelpWidth: () => helpWidth(columnsOf(process.stdout)),
      getErrHelpWidth: () => helpWidth(columnsOf(process.stderr))
    })
  for (const option of globalOptionDefinitions) program.addOption(new DeclaredOption(option))
  const chosen = readLine(words).entry
  for (const entry of chosen === undefined ? commands : [chosen]) addCommand(program, entry, run)
  return program
}

class ReadableCommand extends Command {
  override createHelp(): Help {
    return Object.assign(new ReadableHelp(), this.configureHelp())
  }

  override createCommand(name?: string): Command {
    return new ReadableCommand(name)
  }
}

/** Its help is what a bare `odradek` shows: who asks for help wants to know how to begin. */
class Odradek extends ReadableCommand {
  override helpInformation(): string {
    return `${firstSteps(commands)}\n`
  }
}

function addCommand(parent: Command, entry: CommandDefinition | CommandGroup, run: Runner): void {
  if ('commands' in entry) {
    const group = parent.command(entry.name).description(entry.summary)
    group.aliases([entry.singular, ...(entry.aliases ?? [])])
    group.copyInheritedSettings(parent)
    group.addHelpText('after', `\n${globalOptionsLine()}`)
    for (const definition of entry.commands) addCommand(group, definition, run)
    return
  }
  const command = parent.command(entry.name, { hidden: entry.hidden === true }).description(entry.summary)
  command.aliases([...(entry.aliases ?? [])])
  for (const argument of entry.arguments ?? []) command.argument(argument.name, argument.description)
  for (const option of entry.options ?? []) command.addOption(new DeclaredOption(option))
  command.addHelpText('after', ({ error }) =>
    helpTail(entry, helpWidth(columnsOf(error ? process.stderr : process.stdout)))
  )
  command.action(async (...parameters: unknown[]) => {
    await run(entry, parameters.slice(0, -2).flat().filter(isText), command.optsWithGlobals())
  })
}

async function runCommand(
  definition: CommandDefinition,
  args: readonly string[],
  values: Readonly<Record<string, unknown>>
): Promise<ExitCode> {
  const flags = new Flags(values)
  if (flags.has('utc') && flags.has('local')) throw wrongUsage('--utc and --local exclude each other')
  chooseZone(flags.has('utc') ? 'utc' : 'local', process.env)
  const terminal = processTerminal({ quiet: flags.has('quiet'), noColour: flags.denied('color') })
  const global = resolveGlobalOptions(flags, terminal.env)
  const interrupted = watchInterruption()
  try {
    return await definition.run({ terminal, global: { ...global, interrupted }, args, flags, interrupted })
  } catch (error) {
    // A reader that has seen enough is no failure, whatever it interrupted.
    const isInterruption = error instanceof CliError && error.exitCode === ExitCode.interrupted
    if (isInterruption && interrupted.reason === brokenPipe) return ExitCode.done
    throw error
  }
}

function isText(value: unknown): value is string {
  return typeof value === 'string'
}

/** The line as the parser takes it: other tools' names for options are ours. */
export function replaceSynonyms(words: readonly string[]): string[] {
  return [...readLine(words).words]
}
