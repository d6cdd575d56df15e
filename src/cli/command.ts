/**
 * What a command declares: its words, arguments and options. The parser, the help, the reference page and the tests all
 * come from this one declaration; `run` is where the work begins.
 */
import { CliError, wrongUsage } from './cli-error.ts'
import type { ExitCode } from './exit-codes.ts'
import type { ClientSettings } from './properties.ts'
import type { Terminal } from './terminal.ts'

export interface ArgumentDefinition {
  /** Commander's notation: `<required>`, `[optional]`, `<several...>`. */
  readonly name: string
  readonly description: string
  /** Words that it may be, for completion. */
  readonly words?: readonly string[]
  /** A name that is not taken: completion has none. */
  readonly isNew?: true
}

/** `transactional-id` of `<transactional-id...>`. */
export function wordOf({ name }: ArgumentDefinition): string {
  return name.replace(/[^\w-]/g, '')
}

export function isRequired({ name }: ArgumentDefinition): boolean {
  return name.startsWith('<')
}

export interface OptionDefinition {
  /** Commander's notation: `-n, --count <n>`. */
  readonly flags: string
  readonly description: string
  readonly choices?: readonly string[]
  /** Words that may be written beside others, for completion. */
  readonly words?: readonly string[]
  readonly default?: string | undefined
  /** What holds without it, where the command sees to that by itself: told, and not set by the parser. */
  readonly otherwise?: string
  /** The option may be given several times; its value is a list. */
  readonly repeatable?: true
  /** Its value may be nothing: an empty key is a key. */
  readonly mayBeEmpty?: true
  /** Its value may be what looks like an option. */
  readonly mayLookLikeOption?: true
  /** Other tools' names for the same option; each stands for these words. */
  readonly synonyms?: Readonly<Record<string, readonly string[]>>
}

/** `-n` and `--count`. */
export function flagsOf(option: OptionDefinition): string[] {
  return option.flags.split(/[ ,]+/).filter((part) => part.startsWith('-'))
}

export interface CommandDefinition {
  readonly name: string
  /** Other words for the same command; the help shows the first. */
  readonly aliases?: readonly string[]
  /** For the program's own processes: neither in the help nor in the reference. */
  readonly hidden?: true
  readonly summary: string
  readonly notes?: string
  readonly arguments?: readonly ArgumentDefinition[]
  readonly options?: readonly OptionDefinition[]
  /** Other tools' options that are arguments or nothing here. */
  readonly synonyms?: Readonly<Record<string, readonly string[]>>
  readonly examples?: ReadonlyArray<readonly [string, string]>
  run(invocation: Invocation): Promise<ExitCode>
}

/** A noun with its verbs: `topics list`. */
export interface CommandGroup {
  readonly name: string
  readonly singular: string
  /** Other words for the same noun. */
  readonly aliases?: readonly string[]
  readonly summary: string
  readonly commands: readonly CommandDefinition[]
}

export function namesOf(entry: CommandDefinition | CommandGroup): readonly string[] {
  const others = entry.aliases ?? []
  return 'commands' in entry ? [entry.name, entry.singular, ...others] : [entry.name, ...others]
}

/** By its name or another word for it. */
export function findCommand<Entry extends CommandDefinition | CommandGroup>(
  entries: readonly Entry[],
  word: string | undefined
): Entry | undefined {
  return entries.find((entry) => word !== undefined && namesOf(entry).includes(word))
}

export interface GlobalOptions {
  readonly brokers: readonly string[]
  readonly settings: ClientSettings
  readonly output: string | undefined
  /** Undefined: not asked for. */
  readonly timeoutMs: number | undefined
  readonly quiet: boolean
  readonly verbose: boolean
  readonly yes: boolean
  /** When the command is asked to end, no broker is waited for any longer. */
  readonly interrupted?: AbortSignal
}

export interface Invocation {
  readonly terminal: Terminal
  readonly global: GlobalOptions
  readonly args: readonly string[]
  readonly flags: Flags
  /** Aborted by Ctrl-C, a termination signal or a reader of our output that went away. */
  readonly interrupted: AbortSignal
}

/** `replicationFactor` as it is typed. */
function flagOf(name: string): string {
  return `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`
}

/** Typed access to what the parser found. */
export class Flags {
  readonly #values: Readonly<Record<string, unknown>>

  constructor(values: Readonly<Record<string, unknown>>) {
    this.#values = values
  }

  text(name: string): string | undefined {
    const value = this.#values[name]
    return typeof value === 'string' ? value : undefined
  }

  list(name: string): readonly string[] {
    const value = this.#values[name]
    return Array.isArray(value) ? value.map(String) : []
  }

  has(name: string): boolean {
    return this.#values[name] === true
  }

  /** For `--no-x`: true when the negation was given. */
  denied(name: string): boolean {
    return this.#values[name] === false
  }

  /** What cannot be read is said of the option by its name. */
  parsed<Value>(name: string, parse: (text: string) => Value): Value | undefined {
    const value = this.text(name)
    if (value === undefined) return undefined
    try {
      return parse(value)
    } catch (error) {
      if (error instanceof CliError) throw wrongUsage(`${flagOf(name)}: ${error.message}`, error.why, error.next)
      throw error
    }
  }
}
