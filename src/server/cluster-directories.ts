/**
 * Where the brokers of a cluster keep their data below the directory that was named, and whether what is there is theirs: one broker
 * has the directory itself, as Kafka's combined node has, and several have one each.
 */
import type { Disk } from '../host/disk.ts'
import { StartError } from './start-error.ts'

export const controllerDirectory = 'controller'
const metaProperties = 'meta.properties'

export function brokerDirectory(nodeId: number): string {
  return `broker-${nodeId}`
}

/** Throws StartError when another number of brokers was served from here. Nothing is changed. */
export function assertServedBy(brokers: number, disk: Disk): void {
  const there = brokersIn(disk.list(''))
  if (there === 0 || there === brokers || (brokers > there && there > 1)) return
  const asked = brokers === 1 ? 'one broker' : `${brokers} brokers`
  const known = there === 1 ? 'one broker' : `${there} brokers`
  const what = `The directory ${disk.location} has the data of ${known}, and ${asked} would find it incomplete.`
  const next = `start ${known} there (brokers: ${there}, --brokers ${there}), or choose another directory`
  throw new StartError('bad-option', `${what}\n  why: ${why(there)}; nothing was changed\n  try: ${next}`)
}

/**
 * Throws StartError for the directory of one node of a cluster, `name` in `parent`: alone it knows no topic, since the metadata is the
 * controller's. Nothing is changed.
 */
export function assertOfOneBroker(parent: Disk, name: string): void {
  const names = parent.list('')
  if (names.includes(metaProperties) || !names.includes(controllerDirectory)) return
  if (name !== controllerDirectory && !/^broker-[1-9]\d*$/.test(name)) return
  // Whoever serves a directory of its own under such a name has the metadata in it.
  if (!hasNoMetadata(parent, brokerDirectory(1)) || !parent.exists(`${name}/${metaProperties}`)) return
  const brokers = brokersIn(names)
  const all = brokers === 1 ? 'one broker' : `${brokers} brokers`
  const whose = name === controllerDirectory ? 'of the controller' : `of one of ${all}`
  const what = `The directory ${parent.location}/${name} is ${whose}: the cluster is ${parent.location}.`
  const why = 'the brokers and the controller of a cluster are served together; nothing was changed'
  const next = `start ${all} on ${parent.location} (brokers: ${brokers}, --brokers ${brokers}), or choose another directory`
  throw new StartError('bad-option', `${what}\n  why: ${why}\n  try: ${next}`)
}

function hasNoMetadata(parent: Disk, name: string): boolean {
  return parent.exists(`${name}/${metaProperties}`) && !parent.exists(`${name}/__cluster_metadata-0`)
}

/** How many brokers have left their data in a directory with these names; 0 when none has. */
export function brokersIn(names: readonly string[]): number {
  if (names.includes(metaProperties)) return 1
  // The directory of a topic's partition may have such a name, but lies in that of a broker.
  if (!names.includes(controllerDirectory)) return 0
  const ids = names.map((name) => Number(/^broker-([1-9]\d*)$/.exec(name)?.[1] ?? 0))
  return Math.max(0, ...ids)
}

function why(there: number): string {
  return there === 1
    ? 'one broker keeps its data in the directory itself, and several have one each below it'
    : 'the replicas of some partitions would not be there'
}
