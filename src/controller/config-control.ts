/**
 * The controller's part that concerns configurations, of topics, brokers and groups. What may be set is decided in
 * `coordination/metadata/configs.ts`; here it becomes records, and what is answered is safe and told. (Kafka: ConfigurationControlManager.)
 */
import type { BrokerConfig } from '../coordination/config/broker-config.ts'
import type { ConfigScene } from '../coordination/metadata/config-rules.ts'
import {
  type ConfigDecision,
  decideChangedConfig,
  decideReplacedConfig,
  type ResourceChange,
  type ResourceReplacement
} from '../coordination/metadata/configs.ts'
import { type ClusterImage, ResourceType } from '../coordination/metadata/image.ts'
import type { MetadataWriter, Mode } from './metadata-writer.ts'
import { storageFailure } from './storage-failure.ts'

type ConfigResult = ConfigDecision['result']

export class ConfigControl {
  readonly #image: ClusterImage
  readonly #defaults: BrokerConfig
  readonly #controllerId: number
  readonly #writer: MetadataWriter
  readonly #freeing: (work: () => void) => void

  constructor(options: {
    readonly image: ClusterImage
    readonly defaults: BrokerConfig
    /** The node that the controller is: it is asked where no broker is named. */
    readonly controllerId: number
    readonly writer: MetadataWriter
    /** Does what makes room on a full disk. */
    readonly freeing: (work: () => void) => void
  }) {
    this.#image = options.image
    this.#defaults = options.defaults
    this.#controllerId = options.controllerId
    this.#writer = options.writer
    this.#freeing = options.freeing
  }

  /** AlterConfigs: replaces everything that was set for each resource. A broker is asked for its own configuration, and no other's. */
  replace(
    resources: readonly ResourceReplacement[],
    mode: Mode = 'carry-out',
    asked: number = this.#controllerId
  ): Promise<ConfigResult[]> {
    return this.#configure(resources, (resource) => decideReplacedConfig(this.#sceneAt(asked), resource), mode)
  }

  /** IncrementalAlterConfigs: changes single settings. */
  change(
    resources: readonly ResourceChange[],
    mode: Mode = 'carry-out',
    asked: number = this.#controllerId
  ): Promise<ConfigResult[]> {
    return this.#configure(resources, (resource) => decideChangedConfig(this.#sceneAt(asked), resource), mode)
  }

  async #configure<Resource>(
    resources: readonly Resource[],
    decide: (resource: Resource) => ConfigDecision,
    mode: Mode
  ): Promise<ConfigResult[]> {
    const written = new Set<ConfigResult>()
    const results = resources.map((resource) => {
      const { records, result } = decide(resource)
      if (mode === 'validate-only') return result
      try {
        // A shorter retention makes room.
        this.#freeing(() => this.#writer.append(records))
        written.add(result)
        return result
      } catch (error) {
        return storageFailure(error).refusal
      }
    })
    try {
      await this.#writer.published()
      return results
    } catch (error) {
      const { refusal } = storageFailure(error)
      return results.map((result) => (written.has(result) ? refusal : result))
    }
  }

  #sceneAt(nodeId: number): ConfigScene {
    return { image: this.#image, nodeId, defaults: this.#defaults }
  }
}

/** What is set for a broker while it runs: for itself, or for all of them. */
export function configOfBroker(image: ClusterImage, nodeId: number, name: string): string | undefined {
  return (
    image.configOf(ResourceType.broker, String(nodeId)).get(name) ?? image.configOf(ResourceType.broker, '').get(name)
  )
}
