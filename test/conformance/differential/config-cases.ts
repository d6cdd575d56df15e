/** Configs and the cluster. Resource type 2 is a topic. */
import { ABSENT, Api, type Case, TOPIC } from './case.ts'

const TOPIC_RESOURCE = 2
const BROKER = 4
const BROKER_LOGGER = 8
const CLIENT_METRICS = 16
const GROUP = 32
const resource = (name: string, more: object) => ({ resourceType: TOPIC_RESOURCE, resourceName: name, ...more })
const of = (resourceType: number, resourceName: string, more: object) => ({ resourceType, resourceName, ...more })
const set = (type: number, name: string, key: string, value: string | null, operation = 0) =>
  of(type, name, { configs: [{ name: key, configOperation: operation, value }] })
const all = { configurationKeys: null }
/** Of the broker and of the cluster, the settings that both know and that both were started with alike. */
const brokerKeys = ['log.retention.ms', 'log.retention.hours', 'log.roll.ms', 'message.max.bytes', 'log.cleanup.policy']
const keys = ['retention.ms', 'cleanup.policy', 'segment.bytes', 'no.such.config']

export const configCases: readonly Case[] = [
  {
    api: Api.IncrementalAlterConfigs,
    what: 'set, refuse, absent topic',
    request: () => ({
      resources: [
        resource(TOPIC, { configs: [{ name: 'retention.ms', configOperation: 0, value: '3600000' }] }),
        resource('created-7', { configs: [{ name: 'retention.ms', configOperation: 0, value: 'soon' }] }),
        resource(ABSENT, { configs: [{ name: 'retention.ms', configOperation: 0, value: '1' }] })
      ],
      validateOnly: false
    })
  },
  {
    api: Api.DescribeConfigs,
    what: 'some keys',
    request: () => ({
      resources: [resource(TOPIC, { configurationKeys: keys }), resource(ABSENT, { configurationKeys: keys })]
    })
  },
  {
    api: Api.DescribeConfigs,
    what: 'every key of a topic',
    request: () => ({ resources: [resource(TOPIC, { configurationKeys: null })] })
  },
  {
    api: Api.AlterConfigs,
    what: 'replace all, and an absent topic',
    request: () => ({
      resources: [
        resource(TOPIC, { configs: [{ name: 'cleanup.policy', value: 'compact' }] }),
        resource(ABSENT, { configs: [{ name: 'cleanup.policy', value: 'compact' }] })
      ],
      validateOnly: false
    })
  },
  {
    api: Api.DescribeConfigs,
    what: 'after the change',
    request: () => ({ resources: [resource(TOPIC, { configurationKeys: keys })] })
  },
  {
    api: Api.IncrementalAlterConfigs,
    what: 'of brokers, groups and client metrics',
    request: () => ({
      resources: [
        set(BROKER, '1', 'message.max.bytes', '2000000'),
        set(BROKER, '', 'log.retention.ms', '7200000'),
        set(GROUP, 'of-configs', 'consumer.session.timeout.ms', '46000'),
        set(CLIENT_METRICS, 'of-metrics', 'interval.ms', '5000')
      ],
      validateOnly: false
    })
  },
  {
    api: Api.IncrementalAlterConfigs,
    what: 'what brokers, groups, client metrics and loggers do not take',
    request: () => ({
      resources: [
        set(BROKER, '1', 'num.partitions', '3'),
        set(BROKER, '99999999999', 'log.retention.ms', '5'),
        set(BROKER, '9', 'log.retention.ms', '5'),
        set(GROUP, 'of-configs', 'consumer.session.timeout.ms', '1'),
        set(GROUP, '', 'consumer.session.timeout.ms', '46000'),
        set(CLIENT_METRICS, 'of-metrics', 'interval.ms', '50'),
        set(BROKER_LOGGER, '9', 'root', 'INFO'),
        set(0, 'x', 'retention.ms', '1')
      ],
      validateOnly: false
    })
  },
  {
    api: Api.IncrementalAlterConfigs,
    what: 'a retention of nothing',
    request: () => ({ resources: [set(BROKER, '1', 'log.retention.ms', '0')], validateOnly: false })
  },
  {
    api: Api.IncrementalAlterConfigs,
    what: 'lists that grow and shrink, and what is no list',
    request: () => ({
      resources: [
        set(TOPIC_RESOURCE, 'created-7', 'cleanup.policy', 'compact', 2),
        set(TOPIC_RESOURCE, TOPIC, 'retention.ms', '5', 2),
        set(BROKER, '1', 'log.cleanup.policy', 'delete', 3),
        set(TOPIC_RESOURCE, ABSENT, 'cleanup.policy', 'compact', 3)
      ],
      validateOnly: true
    })
  },
  {
    api: Api.IncrementalAlterConfigs,
    what: 'a resource twice',
    request: () => ({
      resources: [set(TOPIC_RESOURCE, TOPIC, 'retention.ms', '5'), set(TOPIC_RESOURCE, TOPIC, 'segment.ms', '5')],
      validateOnly: false
    })
  },
  {
    api: Api.DescribeConfigs,
    what: 'of brokers, with what would hold without',
    request: () => ({
      resources: ['1', '01', '9', 'x', '99999999999'].map((name) =>
        of(BROKER, name, { configurationKeys: brokerKeys })
      ),
      includeSynonyms: true
    })
  },
  {
    api: Api.DescribeConfigs,
    what: 'of the cluster, groups, client metrics and loggers',
    request: () => ({
      resources: [
        of(BROKER, '', all),
        of(GROUP, 'of-configs', all),
        of(GROUP, 'of-no-configs', all),
        of(GROUP, '', all),
        of(CLIENT_METRICS, 'of-metrics', all),
        of(CLIENT_METRICS, 'of-no-metrics', all),
        of(BROKER_LOGGER, '9', all)
      ],
      includeSynonyms: true
    })
  },
  {
    api: Api.DescribeConfigs,
    what: 'of an unknown type, beside a topic',
    request: () => ({ resources: [of(64, 'x', all), resource(TOPIC, all)] })
  },
  {
    api: Api.DescribeConfigs,
    what: 'of a topic under a changed broker',
    request: () => ({ resources: [resource(TOPIC, all)], includeSynonyms: true })
  },
  { api: Api.ListConfigResources, what: 'all', request: () => ({}) },
  {
    api: Api.ListConfigResources,
    what: 'of a type twice',
    from: 1,
    request: () => ({ resourceTypes: [GROUP, TOPIC_RESOURCE, GROUP] })
  },
  {
    api: Api.ListConfigResources,
    what: 'of an unknown type',
    from: 1,
    request: () => ({ resourceTypes: [TOPIC_RESOURCE, 64] })
  },
  { api: Api.DescribeCluster, what: 'the cluster', request: () => ({ includeClusterAuthorizedOperations: false }) },
  {
    api: Api.DescribeCluster,
    what: 'and what one may do',
    request: () => ({ includeClusterAuthorizedOperations: true })
  }
]
