/** `consume --share`: prints what a share group gives this member, and says of each record that it was dealt with. */
import { wrongUsage } from '../../cli-error.ts'
import type { Cluster } from '../../cluster.ts'
import type { Invocation } from '../../command.ts'
import { counted } from '../../counted.ts'
import { ExitCode } from '../../exit-codes.ts'
import { interruptedExitCode } from '../../interruption.ts'
import { Outage } from '../../outage.ts'
import { asCalled, shellWord } from '../../own-name.ts'
import type { RecordPrinter } from '../../record-printer.ts'
import { findTopics } from '../../topic-names.ts'
import type { Filter } from '../filter.ts'
import type { ConsumePlan } from '../plan.ts'
import { ShareReading } from './share-reading.ts'

const mostAtOnce = 500
/** So many rounds without a record, each of half a second, and --exit ends. */
const quietRounds = 4

/** What would say where to begin, or who reads what: both is the group's. */
export function refuseForShare({ flags, global }: Pick<Invocation, 'flags' | 'global'>, plan: ConsumePlan): void {
  const group = flags.text('group') ?? global.settings.groupId
  const given = [
    ...(group === undefined ? [] : ['--group']),
    ...(flags.text('from') === undefined ? [] : ['--from']),
    ...(plan.tail === undefined ? [] : ['--tail']),
    ...(plan.partitions === undefined ? [] : ['--partitions']),
    ...(flags.text('isolation') === undefined ? [] : ['--isolation']),
    ...(flags.text('groupProtocol') === undefined ? [] : ['--group-protocol'])
  ]
  if (flags.has('explain')) {
    const why = 'what keeps a share group is told by a command of its own'
    throw wrongUsage(
      '--share and --explain exclude each other',
      why,
      `odradek groups why ${shellWord(flags.text('share') ?? 'GROUP')}`
    )
  }
  const [first] = given
  if (first === undefined) return
  const why =
    'a share group itself has where it begins (share.auto.offset.reset), which member is given what, and its isolation'
  throw wrongUsage(`--share and ${first} exclude each other`, why, `the same command without ${first}`)
}

export async function readShared(
  invocation: Invocation,
  plan: ConsumePlan,
  group: string,
  cluster: Cluster,
  printer: RecordPrinter,
  filter: Filter
): Promise<ExitCode> {
  const { terminal, interrupted } = invocation
  const deadline = plan.timeoutMs === undefined ? undefined : AbortSignal.timeout(plan.timeoutMs)
  const stop = AbortSignal.any([interrupted, ...(deadline === undefined ? [] : [deadline])])
  const hint = (line: string): void => terminal.hint(line)
  const outage = new Outage(cluster.brokers, hint)
  const topics = (await findTopics(cluster, plan.topics, 'can be made')).flatMap(({ name }) => name ?? [])
  const reading = new ShareReading({ cluster, group, topics, outage, interrupted: stop, onNotice: hint })
  let [printed, quiet] = [0, 0]
  const isEnough = (): boolean => plan.count !== undefined && printed >= plan.count
  const most = (): number => Math.min(mostAtOnce, plan.count === undefined ? mostAtOnce : plan.count - printed)
  try {
    for await (const records of reading.read(most)) {
      const verdicts = filter.matches(records)
      for (const [index, record] of records.entries()) {
        if (isEnough()) break
        const isShown = verdicts[index] === true
        const isTaken = !isShown || (await terminal.write(printer.print(record, printed + 1))) === 'written'
        if (!isTaken) break
        if (isShown) printed++
        reading.say([record], plan.commits ? 'accept' : 'release')
      }
      quiet = records.length === 0 && reading.hasPartitions ? quiet + 1 : 0
      if (quiet === quietRounds && printed === 0) hint(nothingYet(group, topics))
      if (isEnough() || (plan.exitAtEnd && quiet >= quietRounds)) break
    }
  } finally {
    await reading.leave()
  }
  await terminal.write(printer.finish(printed))
  return verdict(invocation, plan, printed, isEnough(), deadline)
}

/** A newcomer's first try: the topic has records, and none comes. */
function nothingYet(group: string, topics: readonly string[]): string {
  const reset = `odradek groups reset ${shellWord(group)} ${topics.map((topic) => `-t ${shellWord(topic)} `).join('')}--to earliest --execute`
  return `nothing yet; a share group begins at the end unless its share.auto.offset.reset says otherwise, and what was there before comes after: ${asCalled(reset)} (while no member is in it)`
}

function verdict(
  { interrupted, terminal }: Invocation,
  { expect, count }: ConsumePlan,
  printed: number,
  isEnough: boolean,
  deadline: AbortSignal | undefined
): ExitCode {
  if (interrupted.aborted && !isEnough) return interruptedExitCode(interrupted)
  if (expect !== undefined && printed < expect) {
    terminal.hint(`expected ${counted(expect, 'record')}, got ${printed}`)
    return ExitCode.notMet
  }
  if (deadline?.aborted && count !== undefined && !isEnough) {
    terminal.hint(`the time was over after ${counted(printed, 'record')}`)
    return ExitCode.notMet
  }
  return ExitCode.done
}
