/** A broker as a reader names it: by its number. */
import { CliError, wrongUsage } from '../cli-error.ts'
import { ExitCode } from '../exit-codes.ts'
import type { ServedBroker } from './door/requests.ts'

export function noSuchBroker(id: number, brokers: readonly number[]): CliError {
  const there = brokers.toSorted((a, b) => a - b)
  return new CliError({
    what: `there is no broker ${id}`,
    why: `the cluster has ${there.join(', ')}`,
    next: 'odradek brokers list',
    exitCode: ExitCode.notFound
  })
}

/** Why the cluster does not tell of a broker: `served` are those of a process of this machine, if one serves it. */
export function untoldBroker(id: number, served: readonly ServedBroker[], told: readonly number[]): CliError {
  const broker = served.find((one) => one.id === id)
  if (broker === undefined) return noSuchBroker(id, [...new Set([...told, ...served.map((one) => one.id)])])
  return new CliError({
    what: broker.isRunning
      ? `broker ${id} runs, and the controller does not hear it: it is fenced`
      : `broker ${id} does not run: it was stopped, or killed`,
    why: 'only a broker of which the cluster tells can be asked for its directories and settings',
    next: broker.isRunning ? 'the same again in a moment' : `odradek brokers start ${id}`,
    exitCode: ExitCode.unreachable
  })
}

export function parseBrokerId(text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text)
  throw wrongUsage(`"${text}" is not the number of a broker`, 'brokers are told by number', 'odradek brokers list')
}
