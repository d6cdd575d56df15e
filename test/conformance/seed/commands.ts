/**
 * The command line, in this process: parsed, run and told as `odradek` does it, but without starting Node.js for each
 * command, which takes longer than most commands do.
 */
import { Readable } from 'node:stream'
import { CommanderError } from 'commander'
import { Flags } from '../../../src/cli/command.ts'
import { resolveGlobalOptions } from '../../../src/cli/global-options.ts'
import { presentError } from '../../../src/cli/present-error.ts'
import { buildProgram, replaceSynonyms } from '../../../src/cli/program.ts'
import { createStyle, type Terminal } from '../../../src/cli/terminal.ts'

export interface Commands {
  /** To its end, whatever its exit code. */
  run(...words: string[]): Promise<Finished>
  /** Must succeed; what it printed. */
  text(...words: string[]): Promise<string>
}

interface Finished {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

const wrongUsage = 2

export function commandsAt(bootstrap: string): Commands {
  const run = (...words: string[]) => runHere(bootstrap, words)
  return {
    run,
    async text(...words) {
      const { code, stdout, stderr } = await run(...words)
      if (code !== 0) throw new Error(`odradek ${words.join(' ')} ended with ${code}: ${stderr}`)
      return stdout
    }
  }
}

async function runHere(bootstrap: string, words: readonly string[]): Promise<Finished> {
  const written: Buffer[] = []
  let stderr = ''
  let code = 0
  const terminal = pipes(
    (text) => written.push(Buffer.from(text)),
    (line) => {
      stderr += `${line}\n`
    }
  )
  const program = buildProgram(words, async (definition, args, values) => {
    const flags = new Flags(values)
    const global = resolveGlobalOptions(flags, { KAFKA_BROKERS: bootstrap })
    code = await definition.run({ terminal, global, args, flags, interrupted: new AbortController().signal })
  })
  try {
    await program.parseAsync(replaceSynonyms(words), { from: 'user' })
  } catch (error) {
    const write = (text: string) => {
      stderr += text
    }
    const told = presentError(error, { style: terminal.err, verbose: false, write })
    code = error instanceof CommanderError ? wrongUsage : told
  }
  return { code, stdout: Buffer.concat(written).toString(), stderr }
}

/** As when the output goes into pipes and nothing comes in. */
function pipes(write: (text: string | Uint8Array) => void, hint: (line: string) => void): Terminal {
  const style = createStyle('plain')
  return {
    stdin: Readable.from([]),
    stdinIsTty: false,
    stdoutIsTty: false,
    stderrIsTty: false,
    env: {},
    out: style,
    err: style,
    async write(text) {
      write(text)
      return 'written'
    },
    hint,
    status() {}
  }
}
