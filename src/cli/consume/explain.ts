/** `consume --explain`: why this reader is given nothing, or nothing more: where it stands, what it left out, and who has the other partitions. */
import type { Cluster } from '../cluster.ts'
import { counted } from '../counted.ts'
import { type Finding, ofLog, together } from '../explain/causes.ts'
import { type LogFacts, logFacts } from '../explain/log-facts.ts'
import { describeGroup } from '../groups/describe-group.ts'
import { holdersIn } from '../groups/group-description.ts'
import { shellWord } from '../own-name.ts'
import { type LedPartition, partitionName } from '../partitions.ts'
import type { Filter } from './filter.ts'
import type { ConsumePlan } from './plan.ts'
import type { Reader } from './reader.ts'

export interface Explained {
  readonly cluster: Cluster
  readonly plan: Pick<ConsumePlan, 'group' | 'isolation' | 'range' | 'start'>
  readonly reader: Reader
  /** All of the topics that are asked for, whoever has them. */
  readonly partitions: readonly LedPartition[]
  readonly filter: Pick<Filter, 'counts' | 'given'>
}

export async function explainReading({ cluster, plan, reader, partitions, filter }: Explained): Promise<Finding[]> {
  const standings = [...reader.positions.values()].map(({ partition: { topic, partition }, from, next, given }) => ({
    ...{ topic, partition, position: next, from, given }
  }))
  const logs = await logFacts(cluster, standings)
  const ofPositions = standings.flatMap((one): Finding[] => {
    const name = partitionName(one)
    const log = logs.get(name)
    const found = ofPassedOver(plan, one) ?? (log === undefined ? null : ofLog(asSeen(log, plan), one.position))
    return found === null ? [] : [{ ...found, partitions: [name] }]
  })
  return [
    ...ofFilter(filter),
    ...together([...ofPositions, ...(await ofOthers(cluster, plan.group, reader, partitions))]),
    ...ofBeginning(plan, ofPositions)
  ]
}

/** Of who stops at the end, and was given nothing at all: what was passed over on the way there. */
export function whatWasPassedOver(
  plan: Pick<ConsumePlan, 'isolation'>,
  { positions }: Pick<Reader, 'positions'>
): Finding[] {
  const standings = [...positions].map(([name, { from, next, given }]) => ({ name, from, position: next, given }))
  if (standings.some(({ given }) => given > 0)) return []
  const found = standings.flatMap((one): Finding[] => {
    const passedOver = ofPassedOver(plan, one)
    return passedOver === null ? [] : [{ ...passedOver, partitions: [one.name] }]
  })
  return together(found)
}

/** It got on, and was given nothing. */
function ofPassedOver(
  { isolation }: Pick<ConsumePlan, 'isolation'>,
  { from, position, given }: { readonly from: bigint; readonly position: bigint; readonly given: number }
): Omit<Finding, 'partitions'> | null {
  if (isolation !== 'committed' || given > 0 || position <= from) return null
  const text = `Offsets ${from} to ${position - 1n} hold nothing for who reads what is committed: they are of aborted transactions, mark the ends of transactions, or were compacted away. --isolation uncommitted shows what was aborted.`
  return { cause: 'aborted', text }
}

/** Who reads what is not committed as well waits for no transaction. */
function asSeen(log: LogFacts, { isolation }: Pick<ConsumePlan, 'isolation'>): LogFacts {
  if (log.kind !== 'known' || isolation === 'committed') return log
  return { ...log, stable: log.end, givesNothing: false }
}

function ofFilter({ counts: { seen, matched }, given }: Explained['filter']): Finding[] {
  if (seen === matched) return []
  const text = `${counted(seen, 'record')} came, and ${counted(seen - matched, 'of them does', 'of them do')} not match ${given.join(' and ')}.`
  return [{ cause: 'filtered', partitions: [], text }]
}

/** In a group others may have the rest of the topic. */
async function ofOthers(
  cluster: Cluster,
  group: string | undefined,
  reader: Reader,
  partitions: readonly LedPartition[]
): Promise<Finding[]> {
  const names = partitions.map(partitionName)
  const others = names.filter((name) => !reader.positions.has(name) && !reader.passedOver.has(name))
  if (group === undefined || others.length === 0) return []
  const description = await describeGroup(cluster, group)
  const next = `odradek groups describe ${shellWord(group)}`
  const holders = holdersIn(description)
  return others.map((name): Finding => {
    const holder = holders.get(name)
    if (holder !== undefined)
      return { cause: 'another member has it', partitions: [name], text: `${holder} of the same group has it.`, next }
    const text = `Nobody has it: the group is ${description.state}, and gives out its partitions anew.`
    return { cause: 'rebalancing', partitions: [name], text, next }
  })
}

/** Where reading began may be why there is nothing left. */
function ofBeginning({ group, start, range }: Explained['plan'], found: readonly Finding[]): Finding[] {
  const partitions = found.filter(({ cause }) => cause === 'at the end').flatMap((one) => one.partitions)
  if (partitions.length === 0) return []
  if (group !== undefined && start === 'default') {
    const text = `The group ${group} goes on where it stopped, and it had read this before. --from start reads all again; another group begins anew.`
    return [{ cause: 'the group has read it', partitions, text }]
  }
  if (range.from.kind !== 'end') return []
  const text = 'Reading began at the end, and passed over what was there. --from start reads it.'
  return [{ cause: 'began at the end', partitions, text }]
}
