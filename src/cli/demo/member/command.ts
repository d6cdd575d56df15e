/**
 * `odradek demo-member`: one member of one of the demo's services, in a process of its own. The demo starts it and talks to it.
 */
import type { CommandDefinition } from '../../command.ts'

export const demoMember: CommandDefinition = {
  name: 'demo-member',
  hidden: true,
  summary: 'one member of a service; `odradek demo` starts it',
  async run(invocation) {
    const { runMember } = await import('./run.ts')
    return await runMember(invocation)
  }
}
