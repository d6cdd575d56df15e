/**
 * A real Apache Kafka: one node, broker and controller in one process, from Maven's jars. The reference of every suite.
 *
 * A directory that has no `meta.properties` is formatted first.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { BrokerOptions, BrokerProcess } from './broker-process.ts'
import { LineProcess, runToSuccess } from './child-process.ts'
import { freePort } from './free-port.ts'
import { temporaryDirectory } from './paths.ts'
import { quickJava } from './quick-java.ts'
import { classPath } from './tools.ts'
import { waitForMetadata } from './wire.ts'

const CLUSTER_ID = 'odradekReferenceCluste'
const START_TIMEOUT_MS = 90_000
const NODE_ID = 1

export interface RealKafkaOptions extends BrokerOptions {
  readonly heap?: string
  /** For Java itself, behind the others; without them it is soon up (quick-java.ts), which what is measured does not want to be. */
  readonly javaArguments?: readonly string[]
}

export async function startRealKafka(options: RealKafkaOptions = {}): Promise<BrokerProcess> {
  const scratch = temporaryDirectory('kafka')
  try {
    return await start(options, scratch)
  } catch (error) {
    scratch.remove()
    throw error
  }
}

async function start(options: RealKafkaOptions, scratch: { path: string; remove(): void }): Promise<BrokerProcess> {
  const dataDirectory = options.dataDirectory ?? join(scratch.path, 'data')
  mkdirSync(dataDirectory, { recursive: true })
  const port = options.port || (await freePort())
  const properties = join(scratch.path, 'server.properties')
  writeFileSync(properties, serverProperties(dataDirectory, port, await freePort(), options.configs ?? {}))
  if (!existsSync(join(dataDirectory, 'meta.properties'))) await format(properties)

  const heap = options.heap ?? '400m'
  const args = [`-Xms${heap}`, `-Xmx${heap}`, '-XX:+UseG1GC', '-XX:MaxGCPauseMillis=20', '-Djava.awt.headless=true']
  const startedAt = performance.now()
  args.push(...(options.javaArguments ?? quickJava('broker')))
  const child = new LineProcess('java', [...args, '-cp', classPath('broker'), 'kafka.Kafka', properties])
  const log = () => [...child.lines.slice(-30), child.stderr.slice(-6000)].join('\n')
  const bootstrap = `127.0.0.1:${port}`
  try {
    await waitForMetadata(bootstrap, options.startTimeoutMs ?? START_TIMEOUT_MS, () => child.isAlive)
  } catch (error) {
    await child.kill()
    throw new Error(`Apache Kafka did not start\n${log()}`, { cause: error })
  }
  const startMs = performance.now() - startedAt
  const stop = async () => {
    await child.stop(30_000)
    scratch.remove()
  }
  return {
    kind: 'kafka',
    bootstrap,
    pid: child.pid,
    dataDirectory,
    startMs,
    get isAlive() {
      return child.isAlive
    },
    log,
    stop,
    async kill() {
      await child.kill()
      if (options.dataDirectory) scratch.remove()
    },
    [Symbol.asyncDispose]: stop
  }
}

/** A node with the settings of this file, whose directories are there. It is not waited for. */
export function kafkaWith(properties: string, heap = '400m'): LineProcess {
  return new LineProcess('java', [
    `-Xmx${heap}`,
    ...quickJava('broker'),
    '-cp',
    classPath('broker'),
    'kafka.Kafka',
    properties
  ])
}

/** Makes the directories that a node's properties name. */
export async function format(properties: string): Promise<void> {
  const args = ['-Xmx128m', ...quickJava('broker'), '-cp', classPath('broker'), 'kafka.tools.StorageTool']
  await runToSuccess('java', [...args, 'format', '-t', CLUSTER_ID, '-c', properties])
}

/** The node id that a directory was written with; a broker starts only under the same one. */
function nodeIdOf(dataDirectory: string): string {
  const meta = join(dataDirectory, 'meta.properties')
  const written = existsSync(meta) ? /^node\.id=(\d+)$/m.exec(readFileSync(meta, 'utf8'))?.[1] : undefined
  return written ?? String(NODE_ID)
}

function serverProperties(
  dataDirectory: string,
  port: number,
  controllerPort: number,
  configs: Readonly<Record<string, string>>
): string {
  const nodeId = nodeIdOf(dataDirectory)
  const settings: Record<string, string> = {
    'process.roles': 'broker,controller',
    'node.id': nodeId,
    'controller.quorum.voters': `${nodeId}@127.0.0.1:${controllerPort}`,
    listeners: `PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controllerPort}`,
    'advertised.listeners': `PLAINTEXT://127.0.0.1:${port}`,
    'controller.listener.names': 'CONTROLLER',
    'log.dirs': dataDirectory,
    'offsets.topic.replication.factor': '1',
    'offsets.topic.num.partitions': '5',
    'transaction.state.log.replication.factor': '1',
    'transaction.state.log.min.isr': '1',
    'share.coordinator.state.topic.replication.factor': '1',
    'share.coordinator.state.topic.min.isr': '1',
    'group.initial.rebalance.delay.ms': '0',
    ...configs
  }
  return Object.entries(settings)
    .map(([name, value]) => `${name}=${value}\n`)
    .join('')
}
