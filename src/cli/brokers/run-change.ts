/** Runs `brokers stop`, `start`, `restart` and `kill`. */
import { CliError } from '../cli-error.ts'
import type { Invocation } from '../command.ts'
import { connect } from '../connect.ts'
import { ExitCode } from '../exit-codes.ts'
import { printRows } from '../output.ts'
import { noSuchBroker, parseBrokerId } from './broker-id.ts'
import { knock } from './door/knock.ts'
import type { Deed } from './door/requests.ts'
import { servedRow } from './served-row.ts'

/** Of a broker that it cannot be done to: "broker 2 cannot be …". */
const done: Readonly<Record<Deed, string>> = { stop: 'stopped', start: 'started', restart: 'restarted', kill: 'killed' }

export async function runChange(invocation: Invocation, what: Deed): Promise<ExitCode> {
  const { global, args } = invocation
  const broker = parseBrokerId(args[0] ?? '')
  const answer = await knock(global.brokers, { what, broker })
  if (answer === null || answer.kind === 'elsewhere') {
    // Who cannot be reached at all is told so first.
    await (await connect(global)).close()
    throw notOurs(what, broker)
  }
  if (answer.kind === 'failed')
    throw new CliError({ what: `broker ${broker} was not ${done[what]}`, why: answer.message })
  if (answer.kind === 'no such broker')
    throw noSuchBroker(
      broker,
      answer.brokers.map(({ id }) => id)
    )
  await printRows(invocation, ['broker', 'address', 'rack', 'state'], answer.brokers.map(servedRow))
  return ExitCode.done
}

function notOurs(what: Deed, broker: number): CliError {
  return new CliError({
    what: `broker ${broker} cannot be ${done[what]} from here`,
    why: 'that is for the brokers of an "odradek serve --brokers N" on this machine and of this user; no such process serves this address',
    next: `${what} it where it runs, or try it here: odradek serve --brokers 3 --memory`
  })
}
