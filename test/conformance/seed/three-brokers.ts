/** A real Apache Kafka of three brokers, as withkafka/exec.sh starts it, with everything in a directory that goes with it. */
import { createServer } from 'node:net'
import { temporaryDirectory } from '../../harness/paths.ts'
import { execJars, found } from '../../harness/tools.ts'
import { Exec } from '../../withkafka/exec-sh.ts'

export interface ThreeBrokers extends AsyncDisposable {
  /** Of broker 1, 2 and 3. */
  readonly bootstrap: readonly string[]
  /** Broker 1, 2 or 3. */
  stop(broker: number): Promise<void>
  start(broker: number): Promise<void>
}

export async function startThreeBrokers(): Promise<ThreeBrokers> {
  const scratch = temporaryDirectory('three-brokers')
  const port = await freeBasePort()
  const exec = new Exec(scratch.path, { KAFKA_PORT: String(port), KAFKA_JARS: found(execJars()) })
  const end = async () => {
    await exec.done('down', '--delete-data')
    scratch.remove()
  }
  try {
    await exec.done('up', 'cluster')
  } catch (error) {
    await end()
    throw error
  }
  return {
    bootstrap: [0, 1, 2].map((more) => `localhost:${port + more}`),
    stop: async (broker) => void (await exec.done('stop-broker', String(broker))),
    start: async (broker) => void (await exec.done('start-broker', String(broker))),
    [Symbol.asyncDispose]: end
  }
}

/** A port at which exec.sh can start a cluster: this one and the next two are free, and their controllers' ten above. */
async function freeBasePort(): Promise<number> {
  for (;;) {
    const base = 20_000 + Math.floor(Math.random() * 10_000)
    const ports = [0, 1, 2, 10, 11, 12].map((distance) => base + distance)
    if ((await Promise.all(ports.map(isFree))).every(Boolean)) return base
  }
}

async function isFree(port: number): Promise<boolean> {
  return await new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })
}
