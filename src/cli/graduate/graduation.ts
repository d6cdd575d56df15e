/**
 * Makes the directories of a stopped cluster ready for Apache Kafka: a snapshot of the metadata, which stands for its log, and a
 * `server.properties` for each node. What is as it should be is left: a second time changes nothing.
 */
import { join } from 'node:path'
import { writeMetadataSnapshot } from '../../coordination/metadata/snapshot-writing.ts'
import type { Disk } from '../../host/disk.ts'
import { NodeDisk } from '../../host/node/disk.ts'
import { findNodes, type NodeDirectory } from '../../inspection/cluster-layout.ts'
import {
  type MetadataLog,
  metadataDirectory,
  readMetadataLog,
  UnreadableMetadata
} from '../../inspection/metadata-log.ts'
import { cleanShutdownFile, type NodeProperties } from '../../inspection/node-properties.ts'
import { refuseOneOfSeveral } from '../check/one-of-several.ts'
import { CliError, wrongUsage } from '../cli-error.ts'
import { existing } from '../existing-path.ts'
import { nodeProperties } from '../serve/server-properties.ts'

export const propertiesFile = 'server.properties'

export interface GraduationPlan {
  readonly directory: string
  readonly host: string
  /** Of the first broker; the others follow it, then the controller. */
  readonly port: number
  /** Undefined: as many as there are. */
  readonly brokerCount: number | undefined
  readonly config: Readonly<Record<string, string>>
}

export interface GraduatedNode {
  readonly nodeId: number
  readonly roles: NodeDirectory['roles']
  readonly directory: string
  readonly properties: string
  /** 'kept': the file of an earlier time says something else, because somebody has changed it or has asked for something else now. */
  readonly propertiesAre: 'written' | 'there' | 'kept'
}

export interface Graduation {
  readonly clusterId: string
  /** The controller first. */
  readonly nodes: readonly GraduatedNode[]
  readonly snapshot: string
  readonly snapshotIs: 'written' | 'there'
  readonly topicCount: number
  readonly partitionCount: number
}

interface KnownNode extends NodeDirectory {
  readonly properties: NodeProperties
  readonly disk: Disk
}

/** Throws CliError when the directory is not ready for it, DiskError. */
export async function graduateDirectory(plan: GraduationPlan, nowMs: number): Promise<Graduation> {
  const nodes = knownNodes(plan)
  const releases: (() => void)[] = []
  try {
    for (const { disk } of nodes) releases.push(disk.lock())
    for (const node of nodes) assertStoppedCleanly(node, serveCommand(nodes, plan))
    const [controller] = nodes
    if (controller === undefined) throw new Error('a cluster without a node was taken for one')
    const metadata = metadataOf(controller.disk)
    const snapshot = await bringSnapshot(controller.disk, metadata, nowMs)
    const { clusterId } = controller.properties
    const { topicCount, partitionCount } = metadata.image
    const written = nodes.map((node, index) => {
      const rack = metadata.image.broker(node.properties.nodeId)?.rack ?? null
      return writeProperties({ node, index, rack }, nodes, plan)
    })
    return { clusterId, ...snapshot, topicCount, partitionCount, nodes: written }
  } finally {
    for (const release of releases) release()
  }
}

function knownNodes({ directory, brokerCount }: GraduationPlan): KnownNode[] {
  existing(directory)
  refuseOneOfSeveral(directory, 'odradek graduate')
  const found = findNodes(new NodeDisk(directory))
  if (found.length === 0)
    throw wrongUsage(`${directory} is not a broker's directory`, 'there is no meta.properties in it')
  const nodes = found.map((node) => {
    const { properties } = node
    const place = join(directory, node.directory)
    if (properties === null || typeof properties === 'string') {
      const why = properties ?? 'There is none.'
      throw new CliError({ what: `${join(place, 'meta.properties')} does not say whose the directory is`, why })
    }
    return { ...node, properties, disk: new NodeDisk(place) }
  })
  const brokers = brokersAmong(nodes).length
  if (brokerCount !== undefined && brokerCount !== brokers) {
    throw wrongUsage(
      `--brokers ${brokerCount}: ${directory} has ${brokers === 1 ? 'one broker' : `${brokers} brokers`}`
    )
  }
  return nodes
}

function brokersAmong<Node extends NodeDirectory>(nodes: readonly Node[]): Node[] {
  return nodes.filter(({ roles }) => roles !== 'controller')
}

function serveCommand(nodes: readonly KnownNode[], { directory }: GraduationPlan): string {
  const brokers = brokersAmong(nodes).length
  return `odradek serve --data ${directory}${brokers > 1 ? ` --brokers ${brokers}` : ''}`
}

function assertStoppedCleanly({ disk, roles }: KnownNode, serve: string): void {
  if (roles === 'controller' || disk.exists(cleanShutdownFile)) return
  throw new CliError({
    what: `${disk.location} was not stopped cleanly`,
    why: `there is no ${cleanShutdownFile} in it: a broker was killed, or the machine stopped`,
    next: `${serve}   (it recovers its logs), then Ctrl-C, then this again`
  })
}

async function bringSnapshot(
  disk: Disk,
  { image, snapshot, endOffset, epoch, lastTimestampMs, quorum }: MetadataLog,
  nowMs: number
): Promise<Pick<Graduation, 'snapshot' | 'snapshotIs'>> {
  const inDirectory = (name: string): string => join(metadataDirectory, name)
  if (snapshot?.endOffset === endOffset) {
    return { snapshot: inDirectory(snapshot.name), snapshotIs: 'there' }
  }
  const { name } = await writeMetadataSnapshot(disk, image, { endOffset, epoch, lastTimestampMs, quorum, nowMs })
  return { snapshot: inDirectory(name), snapshotIs: 'written' }
}

function metadataOf(disk: Disk): MetadataLog {
  try {
    return readMetadataLog(disk)
  } catch (error) {
    if (!(error instanceof UnreadableMetadata)) throw error
    const at = error.position === null ? '' : ` at byte ${error.position}`
    throw new CliError({
      what: `the metadata of the cluster cannot be read: ${join(disk.location, error.path)}${at}`,
      why: error.message,
      next: `odradek check ${disk.location}`,
      cause: error
    })
  }
}

interface PlacedNode {
  readonly node: KnownNode
  /** Among the nodes. */
  readonly index: number
  readonly rack: string | null
}

function writeProperties(
  { node: { disk, properties, roles }, index, rack }: PlacedNode,
  nodes: readonly KnownNode[],
  { host, port, config }: GraduationPlan
): GraduatedNode {
  const { nodeId } = properties
  const brokerCount = brokersAmong(nodes).length
  const [controller] = nodes
  if (controller === undefined) throw new Error('a cluster without a node was taken for one')
  const brokerIndex = roles === 'broker' ? index - 1 : 0
  const text = nodeProperties({
    ...{ nodeId, roles, brokerCount, rack, config },
    directory: disk.location,
    address: roles === 'controller' ? null : `${host.includes(':') ? `[${host}]` : host}:${port + brokerIndex}`,
    controller: { nodeId: controller.properties.nodeId, port: port + brokerCount }
  })
  const before = disk.exists(propertiesFile) ? disk.readFile(propertiesFile).toString('utf8') : null
  if (before === null) disk.replaceFile(propertiesFile, Buffer.from(text))
  const propertiesAre = before === null ? 'written' : before === text ? 'there' : 'kept'
  return { nodeId, roles, directory: disk.location, properties: join(disk.location, propertiesFile), propertiesAre }
}
