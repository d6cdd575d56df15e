/** Answers without what may differ between two brokers that behave alike: names they gave themselves, times, sizes, wording. */
import type { Plain } from './session.ts'

/** Masked to whether there is something: the value itself is each broker's own. */
const OWN_VALUES = new Set([
  'host',
  'port',
  'rack',
  'clusterId',
  'nodeId',
  'brokerId',
  'leaderId',
  'controllerId',
  'topicId',
  'memberId',
  'leader',
  'producerId',
  'errorMessage',
  'logDir',
  'totalBytes',
  'usableBytes',
  'sessionId',
  'lastTimestamp',
  'documentation'
])
const LISTS_OF_NODES = new Set([
  'replicaNodes',
  'isrNodes',
  'offlineReplicas',
  'eligibleLeaderReplicas',
  'lastKnownElr'
])
const DROPPED = new Set([
  'throttleTimeMs',
  'partitionSize',
  'offsetLag',
  'logAppendTimeMs',
  'cordonedLogDirs',
  'isCordoned'
])

export function normalForm(value: Plain, own: readonly string[] = [], name = ''): Plain {
  if (OWN_VALUES.has(name) || own.includes(name)) return isEmptyOrNone(value) ? 'none' : 'some'
  if (Array.isArray(value)) {
    if (LISTS_OF_NODES.has(name)) return value.map(() => 'a node')
    const elements = value.map((element) => normalForm(element, own))
    return elements.every((element) => typeof element === 'object') ? elements.sort(byText) : elements
  }
  if (Buffer.isBuffer(value)) return `bytes ${value.toString('hex')}`
  if (typeof value === 'bigint') return String(value)
  if (typeof value !== 'object' || value === null) return value
  const fields = Object.entries(value).filter(([field]) => !DROPPED.has(field))
  return Object.fromEntries(fields.map(([field, inner]) => [field, normalForm(inner, own, field)]))
}

function isEmptyOrNone(value: Plain): boolean {
  return value === null || value === '' || value === -1 || value === -1n || value === 'AAAAAAAAAAAAAAAAAAAAAA'
}

function byText(a: Plain, b: Plain): number {
  return JSON.stringify(a) < JSON.stringify(b) ? -1 : 1
}

/** Where two normal forms differ, a line each: `path: ours, Kafka's`. */
export function differences(ours: Plain, theirs: Plain, path = ''): string[] {
  if (Array.isArray(ours) && Array.isArray(theirs) && ours.length === theirs.length) {
    return ours.flatMap((element, index) => differences(element, theirs[index] ?? null, `${path}[${index}]`))
  }
  if (isObject(ours) && isObject(theirs)) {
    const names = [...new Set([...Object.keys(ours), ...Object.keys(theirs)])]
    return names.flatMap((name) =>
      differences(ours[name] ?? null, theirs[name] ?? null, path ? `${path}.${name}` : name)
    )
  }
  const [own, other] = [JSON.stringify(ours), JSON.stringify(theirs)]
  return own === other ? [] : [`${path}: ours ${own.slice(0, 200)}, Kafka's ${other.slice(0, 200)}`]
}

function isObject(value: Plain): value is { [field: string]: Plain } {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !Buffer.isBuffer(value)
}
