/** A broker that did not start, as the command line tells it. */
import { CliError } from '../cli-error.ts'
import { ExitCode } from '../exit-codes.ts'
import { listOfSettings } from './command.ts'

/** The broker's own error names the problem; a wrong option is wrong usage, all else a failure. */
export function startFailure(error: unknown): unknown {
  if (!(error instanceof Error) || !('problem' in error)) return error
  const [what = error.message, ...rest] = error.message.split('\n').map((line) => line.trim())
  return new CliError({
    what: error.problem === 'bad-option' ? asFlags(what) : what,
    why: rest[0]?.replace(/^why:\s*/i, '') ?? (isUnknownSetting(what) ? settingsAreListed : undefined),
    next: rest[1]?.replace(/^(try|what to do):\s*/i, '') ?? whatToTry(error.problem),
    exitCode: error.problem === 'bad-option' ? ExitCode.wrongUsage : ExitCode.failed,
    cause: error
  })
}

function isUnknownSetting(what: string): boolean {
  return what.startsWith('There is no broker configuration ')
}

const settingsAreListed = `settings have Kafka's names; ${listOfSettings} lists them`

function whatToTry(problem: unknown): string | undefined {
  return problem === 'bad-option' ? 'odradek serve --help' : undefined
}

const flags: Readonly<Record<string, string>> = { directory: '--data', topics: '--topic' }

/** `startKafka` names its own options; whoever typed the command knows those by their flags. */
function asFlags(what: string): string {
  return what.replace(
    /^The option (\w+) of \w+ is wrong\. /,
    (_, option: string) => `${flags[option] ?? `--${option}`}: `
  )
}
