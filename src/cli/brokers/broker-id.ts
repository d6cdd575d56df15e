/** A broker as a reader names it: by its number. */
import { CliError, wrongUsage } from '../cli-error.ts'
import { ExitCode } from '../exit-codes.ts'

export function noSuchBroker(id: number, brokers: readonly number[]): CliError {
  const there = brokers.toSorted((a, b) => a - b)
  return new CliError({
    what: `there is no broker ${id}`,
    why: `the cluster has ${there.join(', ')}`,
    next: 'odradek brokers list',
    exitCode: ExitCode.notFound
  })
}

export function parseBrokerId(text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text)
  throw wrongUsage(`"${text}" is not the number of a broker`, 'brokers are told by number', 'odradek brokers list')
}
