/**
 * Where the nodes of a stopped cluster lie: one node that is broker and controller in one directory, or, below it, a controller
 * (`controller/`) and brokers (`broker-1/`, `broker-2/`, …).
 */
import type { ReadableDisk } from '../host/readable-disk.ts'
import { type NodeProperties, readNodeProperties } from './node-properties.ts'

export interface NodeDirectory {
  /** Below the disk's root: '' for the root itself. */
  readonly directory: string
  readonly roles: 'broker,controller' | 'broker' | 'controller'
  /** What meta.properties says; a sentence when it does not say it, null when it is not there. */
  readonly properties: NodeProperties | string | null
}

const controllerDirectory = 'controller'

/** Whether `name`, in `parent`, is the directory of one of the nodes of a cluster there: alone it tells less than all do. */
export function isOneOfSeveral(parent: ReadableDisk, name: string): boolean {
  if (!parent.exists(name)) return false
  const nodes = findNodes(parent)
  const brokers = nodes.filter(({ roles }) => roles === 'broker')
  return nodes.some(({ directory }) => directory === name && directory !== '') && brokers.every(isWithoutMetadata)

  /** Else it is a broker of its own, whose directory happens to have such a name. */
  function isWithoutMetadata({ directory, properties }: NodeDirectory): boolean {
    return properties !== null && !parent.exists(`${directory}/__cluster_metadata-0`)
  }
}

/** The controller first; empty when there is no node here. */
export function findNodes(disk: ReadableDisk): NodeDirectory[] {
  const own = readNodeProperties(disk)
  const names = disk.list('')
  if (own !== null || !names.includes(controllerDirectory)) {
    const hasLogs = names.some((name) => /-\d+$/.test(name) && disk.exists(`${name}/partition.metadata`))
    if (own === null && !hasLogs) return []
    return [{ directory: '', roles: 'broker,controller', properties: own }]
  }
  const brokers = names
    .map((name) => /^broker-(\d+)$/.exec(name)?.[1])
    .filter((number) => number !== undefined)
    .sort((one, other) => Number(one) - Number(other))
  const nodeAt = (directory: string, roles: NodeDirectory['roles']): NodeDirectory => ({
    ...{ directory, roles },
    properties: readNodeProperties(disk, directory)
  })
  return [nodeAt(controllerDirectory, 'controller'), ...brokers.map((number) => nodeAt(`broker-${number}`, 'broker'))]
}
