/** `odradek console`: a page in the browser that shows a cluster. */
import type { CommandDefinition } from '../command.ts'

export const console: CommandDefinition = {
  name: 'console',
  summary: 'a web page that shows a cluster: topics, records as they come, groups and their lag',
  notes: `Shows any cluster, ours or another. Looking costs it nothing that counts: no group is joined, nothing is committed.
The page is for this machine only. With --host it can be reached from others, by those who have the token in the address
that is printed; what they read and write goes over the network as it is, without encryption.
It ends with Ctrl-C.`,
  options: [
    {
      flags: '-p, --port <port>',
      description: 'of the page; 0 takes any that is free',
      otherwise: '8080, or the next that is free'
    },
    {
      flags: '--host <host>',
      description: 'where it listens, for example 0.0.0.0 for every address',
      default: 'localhost'
    },
    { flags: '--read-only', description: 'nothing can be changed with it' },
    { flags: '--open', description: 'open it in the browser' }
  ],
  examples: [
    ['odradek console', 'of the cluster at localhost:9092'],
    ['odradek console -b kafka.example:9092 --read-only', 'of another, to look and not to touch']
  ],
  async run(invocation) {
    const { runConsole } = await import('./run.ts')
    return await runConsole(invocation)
  }
}
