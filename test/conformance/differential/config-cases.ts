/** Configs and the cluster. Resource type 2 is a topic. */
import { ABSENT, Api, type Case, TOPIC } from './case.ts'

const TOPIC_RESOURCE = 2
const resource = (name: string, more: object) => ({ resourceType: TOPIC_RESOURCE, resourceName: name, ...more })
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
  { api: Api.ListConfigResources, what: 'all', request: () => ({}) },
  { api: Api.DescribeCluster, what: 'the cluster', request: () => ({ includeClusterAuthorizedOperations: false }) },
  {
    api: Api.DescribeCluster,
    what: 'and what one may do',
    request: () => ({ includeClusterAuthorizedOperations: true })
  }
]
