/** Runs `console`: looks whether the cluster is there, opens the page, and closes it when asked to. */
import { spawn } from 'node:child_process'
import type { Invocation } from '../command.ts'
import { connect, openCluster, requestTimeoutMs } from '../connect.ts'
import { ExitCode } from '../exit-codes.ts'
import { parsePort } from '../human-values.ts'

export async function runConsole({ flags, global, terminal, interrupted }: Invocation): Promise<ExitCode> {
  const { openConsole } = await import('../../console/http/server.ts')
  const cluster = await connect(global)
  try {
    const opened = await openConsole({
      cluster,
      openCluster: () => openCluster(global, requestTimeoutMs(global), undefined, cluster.brokers),
      bootstrap: global.brokers.join(','),
      host: flags.text('host') ?? 'localhost',
      port: flags.parsed('port', parsePort),
      isReadOnly: flags.has('readOnly'),
      onMistake: (error) => {
        if (global.verbose) terminal.hint(error instanceof Error ? (error.stack ?? error.message) : String(error))
      }
    })
    const { bold, green, dim } = terminal.err
    terminal.hint(`${bold('console')}  ${green(opened.url)}  ${dim(`of ${global.brokers.join(', ')}; Ctrl-C ends`)}`)
    if (!terminal.stdoutIsTty || global.output !== undefined)
      await terminal.write(`${JSON.stringify({ event: 'ready', url: opened.url })}\n`)
    if (flags.has('open')) openInBrowser(opened.url, terminal)
    if (!interrupted.aborted)
      await new Promise<void>((resolve) => interrupted.addEventListener('abort', () => resolve(), { once: true }))
    await opened.close()
    return ExitCode.done
  } finally {
    await cluster.close().catch(() => {})
  }
}

const openers: Partial<Record<NodeJS.Platform, readonly string[]>> = {
  darwin: ['open'],
  win32: ['cmd', '/c', 'start', '']
}

function openInBrowser(url: string, terminal: Invocation['terminal']): void {
  const [program = 'xdg-open', ...words] = openers[process.platform] ?? []
  const child = spawn(program, [...words, url], { stdio: 'ignore', detached: true })
  child.on('error', () => terminal.hint(`no browser could be started; the page is at ${url}`))
  child.unref()
}
