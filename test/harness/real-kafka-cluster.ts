/** Three brokers of a real Apache Kafka and a controller, each a process of its own, as a cluster of ours has them. */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { LineProcess } from './child-process.ts'
import { freePort } from './free-port.ts'
import { temporaryDirectory } from './paths.ts'
import { quickJava } from './quick-java.ts'
import { format } from './real-kafka.ts'
import { classPath } from './tools.ts'
import { waitForMetadata } from './wire.ts'

/** As ours has its controller. */
const controllerId = 1000
const startTimeoutMs = 90_000
const stopTimeoutMs = 60_000
const heap = '256m'

export interface RealKafkaCluster extends AsyncDisposable {
  /** host:port, in the order of the node ids, which begin at 1. */
  readonly addresses: readonly string[]
  startBroker(id: number): Promise<void>
  /** A controlled shutdown. */
  stopBroker(id: number): Promise<void>
  /** kill -9. */
  killBroker(id: number): Promise<void>
  stop(): Promise<void>
}

/** Small and soon up; what is measured wants to be neither. */
const smallAndSoonUp = (): readonly string[] => [
  `-Xms${heap}`,
  `-Xmx${heap}`,
  '-XX:+UseSerialGC',
  ...quickJava('broker')
]

export async function startRealKafkaCluster(
  configs: Readonly<Record<string, string>> = {},
  javaArguments: readonly string[] = smallAndSoonUp()
): Promise<RealKafkaCluster> {
  const scratch = temporaryDirectory('kafka-cluster')
  const nodes = new Map<number, Node>()
  const brokerIds = [1, 2, 3]
  const controllerPort = await freePort()
  for (const id of [controllerId, ...brokerIds]) {
    const port = id === controllerId ? controllerPort : await freePort()
    const directory = join(scratch.path, String(id))
    nodes.set(id, new Node({ id, port, controllerPort, directory, configs, javaArguments }))
  }
  const node = (id: number): Node => nodes.get(id) ?? fail(id)
  const stop = async (): Promise<void> => {
    await Promise.all(brokerIds.map((id) => node(id).stop()))
    await node(controllerId).stop()
    scratch.remove()
  }
  try {
    await Promise.all([...nodes.values()].map((one) => one.format()))
    node(controllerId).start()
    await Promise.all(brokerIds.map((id) => node(id).startAndAnswer()))
  } catch (error) {
    await stop()
    throw error
  }
  return {
    addresses: brokerIds.map((id) => node(id).address),
    startBroker: (id) => node(id).startAndAnswer(),
    stopBroker: (id) => node(id).stop(),
    killBroker: (id) => node(id).kill(),
    stop,
    [Symbol.asyncDispose]: stop
  }
}

function fail(id: number): never {
  throw new RangeError(`there is no node ${id}`)
}

interface NodeOptions {
  readonly id: number
  readonly port: number
  readonly controllerPort: number
  readonly directory: string
  readonly configs: Readonly<Record<string, string>>
  readonly javaArguments: readonly string[]
}

class Node {
  readonly address: string
  readonly #directory: string
  readonly #properties: string
  readonly #javaArguments: readonly string[]
  #process: LineProcess | null = null

  constructor({ id, port, controllerPort, directory, configs, javaArguments }: NodeOptions) {
    this.#javaArguments = javaArguments
    this.address = `127.0.0.1:${port}`
    this.#directory = directory
    this.#properties = join(directory, 'server.properties')
    const isController = id === controllerId
    const settings: Record<string, string> = {
      'process.roles': isController ? 'controller' : 'broker',
      'node.id': String(id),
      'controller.quorum.voters': `${controllerId}@127.0.0.1:${controllerPort}`,
      'controller.listener.names': 'CONTROLLER',
      listeners: `${isController ? 'CONTROLLER' : 'PLAINTEXT'}://127.0.0.1:${port}`,
      'log.dirs': join(directory, 'data'),
      ...configs
    }
    mkdirSync(directory, { recursive: true })
    writeFileSync(
      this.#properties,
      Object.entries(settings)
        .map(([name, value]) => `${name}=${value}\n`)
        .join('')
    )
  }

  async format(): Promise<void> {
    if (!existsSync(join(this.#directory, 'data', 'meta.properties'))) await format(this.#properties)
  }

  start(): LineProcess {
    const args = [...this.#javaArguments, '-Djava.awt.headless=true']
    this.#process = new LineProcess('java', [...args, '-cp', classPath('broker'), 'kafka.Kafka', this.#properties])
    return this.#process
  }

  async startAndAnswer(): Promise<void> {
    const child = this.start()
    try {
      await waitForMetadata(this.address, startTimeoutMs, () => child.isAlive)
    } catch (error) {
      await this.kill()
      throw new Error(`Apache Kafka did not start\n${child.lines.slice(-30).join('\n')}`, { cause: error })
    }
  }

  async stop(): Promise<void> {
    await this.#process?.stop(stopTimeoutMs)
    this.#process = null
  }

  async kill(): Promise<void> {
    await this.#process?.kill()
    this.#process = null
  }
}
