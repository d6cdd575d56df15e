/**
 * Asks brokers whether they answer, for exec.sh: a port that is open is not yet a broker that serves.
 *
 *   exec.brokers.ts status ADDRESS…          one line for each: address, node id, partitions that it leads ('-' when unknown)
 *   exec.brokers.ts wait SECONDS ADDRESS…    until each answers and knows as many brokers as were named, or exit code 3
 */
import { Admin } from '@platformatic/kafka'

const exitUnreachable = 3
const pauseMs = 200

interface Answer {
  readonly nodeId: number
  readonly brokersKnown: number
}

const [task, ...rest] = process.argv.slice(2)
process.exitCode = task === 'wait' ? await wait(Number(rest[0]), rest.slice(1)) : await status(rest)

async function wait(seconds: number, addresses: readonly string[]): Promise<number> {
  const deadlineMs = Date.now() + seconds * 1000
  for (;;) {
    const answers = await Promise.all(addresses.map(ask))
    if (answers.every((answer) => answer !== undefined && answer.brokersKnown >= addresses.length)) return 0
    if (Date.now() > deadlineMs) return exitUnreachable
    await new Promise((resolve) => setTimeout(resolve, pauseMs))
  }
}

async function status(addresses: readonly string[]): Promise<number> {
  const answers = await Promise.all(addresses.map(ask))
  const anyone = addresses.find((_, index) => answers[index] !== undefined)
  const leaders = anyone === undefined ? undefined : await leadersOfPartitions(anyone).catch(() => undefined)
  for (const [index, address] of addresses.entries()) {
    const nodeId = answers[index]?.nodeId
    const leads = nodeId === undefined ? undefined : leaders?.filter((leader) => leader === nodeId).length
    process.stdout.write(`${address}\t${nodeId ?? '-'}\t${leads ?? '-'}\n`)
  }
  return answers.every((answer) => answer !== undefined) ? 0 : exitUnreachable
}

/** What the broker at this address says; undefined when none answers there. */
async function ask(address: string): Promise<Answer | undefined> {
  const admin = clientOf(address)
  try {
    const { brokers } = await admin.metadata({ topics: [] })
    const own = [...brokers].find(([, broker]) => `${broker.host}:${broker.port}` === address)
    return own && { nodeId: own[0], brokersKnown: brokers.size }
  } catch {
    return undefined
  } finally {
    await admin.close().catch(() => {})
  }
}

/** The leader of each partition of each topic. */
async function leadersOfPartitions(address: string): Promise<number[]> {
  const admin = clientOf(address)
  try {
    const topics = await admin.listTopics()
    const metadata = await admin.metadata({ topics })
    return [...metadata.topics.values()].flatMap((topic) => topic.partitions.map((partition) => partition.leader))
  } finally {
    await admin.close().catch(() => {})
  }
}

function clientOf(address: string): Admin {
  return new Admin({
    clientId: 'withkafka',
    bootstrapBrokers: [address],
    retries: 0,
    connectTimeout: 1000,
    timeout: 3000,
    requestTimeout: 3000
  })
}
