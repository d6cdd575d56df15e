/**
 * `odradek brokers stop | start | restart | kill`: for the brokers of an `odradek serve --brokers N` on this machine.
 */
import type { CommandDefinition } from '../command.ts'
import type { Deed } from './door/requests.ts'

const notes = `Of the brokers that "odradek serve --brokers N" runs on this machine, for this
user. The others of them go on; clients find the new leaders by themselves.`

interface Words {
  readonly summary: string
  readonly example: string
}

const words: Readonly<Record<Deed, Words>> = {
  stop: {
    summary: 'stop one broker: others lead what it led, then it closes its logs',
    example: 'as for maintenance'
  },
  start: {
    summary: 'start a broker that was stopped or killed; it catches up with the others',
    example: 'on its port, with the data that it had'
  },
  restart: { summary: 'stop one broker and start it again', example: 'as for an upgrade' },
  kill: {
    summary: 'end one broker at once, as kill -9 does',
    example: 'what a building does that burns down'
  }
}

export const [stopBroker, startBroker, restartBroker, killBroker] = [
  changing('stop'),
  changing('start'),
  changing('restart'),
  changing('kill')
]

function changing(what: Deed): CommandDefinition {
  const { summary, example } = words[what]
  return {
    name: what,
    summary,
    notes,
    arguments: [{ name: '<id>', description: 'the broker, by the number that brokers list shows' }],
    examples: [[`odradek brokers ${what} 2`, example]],
    async run(invocation) {
      const { runChange } = await import('./run-change.ts')
      return await runChange(invocation, what)
    }
  }
}
