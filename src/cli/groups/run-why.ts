/** Runs `groups why`: gathers what the cluster tells of the group, looks again whether its readers get on, and explains. */
import type { Invocation } from '../command.ts'
import { withCluster } from '../connect.ts'
import { counted } from '../counted.ts'
import { ExitCode } from '../exit-codes.ts'
import type { Finding } from '../explain/causes.ts'
import { findingParagraph } from '../explain/shown.ts'
import { chosenFormat, printRows } from '../output.ts'
import { asCalled } from '../own-name.ts'
import type { GroupDescription } from './group-description.ts'
import { whyGroup } from './why-facts.ts'

export async function runWhy(invocation: Invocation): Promise<ExitCode> {
  const [group = '', ...topics] = invocation.args
  return await withCluster(invocation.global, async (cluster) => {
    const { description, findings } = await whyGroup(cluster, group, topics, invocation.interrupted)
    await print(invocation, description, findings)
    return ExitCode.done
  })
}

async function print(
  invocation: Invocation,
  { group, state, members }: GroupDescription,
  findings: readonly Finding[]
): Promise<void> {
  const { terminal } = invocation
  if (chosenFormat(invocation) !== 'table') {
    const rows = findings.map(({ cause, partitions, text, next }) => ({
      ...{ group, cause, partitions, text },
      next: next === undefined ? null : asCalled(next)
    }))
    await printRows(invocation, ['group', 'cause', 'partitions', 'text', 'next'], rows)
    return
  }
  await terminal.write(`${terminal.out.bold(group)}  ${state}, ${counted(members.length, 'member')}\n`)
  for (const finding of findings) await terminal.write(`\n${findingParagraph(finding, terminal)}`)
}
