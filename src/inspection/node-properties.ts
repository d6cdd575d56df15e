/** Whose a data directory is, as its `meta.properties` says (Kafka: MetaProperties). */
import type { ReadableDisk } from '../host/readable-disk.ts'

export const metaPropertiesFile = 'meta.properties'
export const cleanShutdownFile = '.kafka_cleanshutdown'

export interface NodeProperties {
  readonly clusterId: string
  readonly nodeId: number
  /** Null when it is of a Kafka before 3.7. */
  readonly directoryId: string | null
}

/** The lines of a file of Java properties, as far as Kafka writes such. */
export function parseProperties(text: string): ReadonlyMap<string, string> {
  const properties = new Map<string, string>()
  for (const line of text.split(/\r?\n/)) {
    const [, key, value] = /^\s*([^#!=\s][^=\s]*)\s*=\s*(.*?)\s*$/.exec(line) ?? []
    if (key !== undefined && value !== undefined) properties.set(key, value)
  }
  return properties
}

/** Null when there is no such file; a sentence when it does not say what it has to. */
export function readNodeProperties(disk: ReadableDisk, directory = ''): NodeProperties | string | null {
  const path = directory === '' ? metaPropertiesFile : `${directory}/${metaPropertiesFile}`
  if (!disk.exists(path)) return null
  const properties = parseProperties(disk.readFile(path).toString('utf8'))
  const [version, clusterId, nodeId] = ['version', 'cluster.id', 'node.id'].map((key) => properties.get(key))
  if (version !== '1') return `It is of version ${version ?? '0'}, and 1 is known here.`
  if (clusterId === undefined || clusterId === '') return 'It does not say its cluster.id.'
  if (nodeId === undefined || !/^\d{1,10}$/.test(nodeId)) return 'It does not say its node.id.'
  const directoryId = properties.get('directory.id') ?? null
  if (directoryId !== null && !/^[\w-]{22}$/.test(directoryId)) return 'Its directory.id is none.'
  return { clusterId, nodeId: Number(nodeId), directoryId }
}
