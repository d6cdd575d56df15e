/**
 * What groups may choose for themselves lies between bounds that the broker sets, and what the broker gives to those that choose nothing
 * does as well (Kafka: GroupConfig.validateValues; GroupCoordinatorConfig and ShareGroupConfig, validate). The sentences are Kafka's.
 */
import { outOfRange } from './definition.ts'

/** Of each of these the broker has a value, a least and a most. */
const bounded = {
  consumer: ['heartbeat.interval.ms', 'session.timeout.ms', 'assignment.interval.ms'],
  share: [
    'heartbeat.interval.ms',
    'session.timeout.ms',
    'assignment.interval.ms',
    'record.lock.duration.ms',
    'delivery.count.limit',
    'partition.max.record.locks'
  ],
  streams: ['heartbeat.interval.ms', 'session.timeout.ms', 'assignment.interval.ms']
} as const

type ValueOf = (name: string) => string | null

const kinds = ['consumer', 'share', 'streams'] as const

/** What is wrong with what a group asks for, on a broker with these settings. */
export function objectionToGroup(config: ReadonlyMap<string, string>, brokerValue: ValueOf): string | null {
  for (const kind of kinds) {
    const objection = objectionToChoice(kind, config, brokerValue)
    if (objection !== null) return objection
  }
  const standbys = Number(config.get('streams.num.standby.replicas') ?? 0)
  const most = brokerValue('group.streams.max.standby.replicas')
  return standbys <= Number(most) ? null : `streams.num.standby.replicas must be less than or equal to ${most}`
}

function objectionToChoice(
  kind: keyof typeof bounded,
  config: ReadonlyMap<string, string>,
  brokerValue: ValueOf
): string | null {
  for (const name of bounded[kind]) {
    const value = config.get(`${kind}.${name}`)
    const [least, most] = [brokerValue(`group.${kind}.min.${name}`), brokerValue(`group.${kind}.max.${name}`)]
    const objection = value === undefined ? null : outOfRange(`${kind}.${name}`, value, Number(least), Number(most))
    if (objection !== null) return objection
  }
  const [session, heartbeat] = [`${kind}.session.timeout.ms`, `${kind}.heartbeat.interval.ms`]
  if (!config.has(session) && !config.has(heartbeat)) return null
  const settingOf = (name: string) => Number(config.get(name) ?? brokerValue(`group.${name}`))
  return settingOf(session) > settingOf(heartbeat) ? null : `${session} must be greater than ${heartbeat}`
}

/** What a group gets that has asked for this while the broker had other bounds: the nearest that it may have (Kafka: GroupConfig, clamped). */
export function withinBounds(name: string, value: string, brokerValue: ValueOf): string {
  const [kind = '', ...rest] = name.split('.')
  const setting = rest.join('.')
  if (!kinds.some((one) => one === kind && bounded[one].some((each) => each === setting))) return value
  const [least, most] = [brokerValue(`group.${kind}.min.${setting}`), brokerValue(`group.${kind}.max.${setting}`)]
  return String(Math.min(Math.max(Number(value), Number(least)), Number(most)))
}

/** What is wrong with settings of a broker that are fine one by one. */
export function objectionToBrokerGroups(brokerValue: ValueOf): string | null {
  const number = (name: string) => Number(brokerValue(name))
  const unless = (holds: boolean, one: string, relation: string, other: string) =>
    holds ? null : `${one} must be ${relation} ${other}`
  const atLeast = (one: string, other: string) =>
    unless(number(one) >= number(other), one, 'greater than or equal to', other)
  const atMost = (one: string, other: string) =>
    unless(number(one) <= number(other), one, 'less than or equal to', other)
  for (const kind of kinds) {
    for (const name of bounded[kind]) {
      const [value, min, max] = [`group.${kind}.${name}`, `group.${kind}.min.${name}`, `group.${kind}.max.${name}`]
      const objection = atLeast(max, min) ?? atLeast(value, min) ?? atMost(value, max)
      if (objection !== null) return objection
    }
    const [heartbeat, session] = [`group.${kind}.heartbeat.interval.ms`, `group.${kind}.session.timeout.ms`]
    const objection = unless(number(heartbeat) < number(session), heartbeat, 'less than', session)
    if (objection !== null) return objection
  }
  return (
    atLeast('group.share.max.share.sessions', 'group.share.max.size') ??
    atMost('group.streams.num.standby.replicas', 'group.streams.max.standby.replicas')
  )
}
