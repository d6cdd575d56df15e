/**
 * `odradek demo-caller`: one service of the world of direct calls, in a process of its own. `odradek demo --compare` starts it.
 */
import type { CommandDefinition } from '../../../command.ts'

export const demoCaller: CommandDefinition = {
  name: 'demo-caller',
  hidden: true,
  summary: 'one service that calls the others; `odradek demo --compare` starts it',
  async run(invocation) {
    const { runCaller } = await import('./run.ts')
    return await runCaller(invocation)
  }
}
