/**
 * The copies of a partition: which brokers hold one, which are in sync, where their logs lie, and, for those whose directory
 * can be read on this machine, the file and the byte at which the batch begins.
 */
import { readFile } from 'node:fs/promises'
import { isAbsolute, join } from 'node:path'
import { CliError } from '../cli-error.ts'
import type { Cluster, TopicMetadata } from '../cluster.ts'
import { ExitCode } from '../exit-codes.ts'
import { kafkaFailure, networkReason } from '../kafka-failure.ts'
import { failureOf, type TopicPartition } from '../partitions.ts'
import { explainFailure } from '../present-error.ts'
import { locateBatch } from './segment-file.ts'
import type { Copy, FilePlace } from './trace.ts'

/** What the files are searched for, and what they must agree with. */
export interface SoughtBatch extends TopicPartition {
  readonly topicId: string
  readonly firstOffset: bigint
  readonly crc: number
}

export async function copiesOf(
  cluster: Cluster,
  topic: TopicMetadata,
  sought: SoughtBatch,
  data: string | undefined
): Promise<Copy[]> {
  const partition = topic.partitions.find((one) => one.partitionIndex === sought.partition)
  return await Promise.all(
    (partition?.replicaNodes ?? []).map(async (node): Promise<Copy> => {
      const role = node === partition?.leaderId ? 'leader' : 'follower'
      const inSync = partition?.isrNodes.includes(node) === true
      const log = await describeLog(cluster, node, sought)
      const isTold = role === 'leader' && data !== undefined
      const place = isTold ? await lookWhereTold(data, sought) : await lookWhereItSays(log, sought)
      return { node, role, inSync, ...log, ...place }
    })
  )
}

type Log = Pick<Copy, 'directory' | 'sizeBytes' | 'behind' | 'note'>

async function describeLog(cluster: Cluster, node: number, { topic, partition }: TopicPartition): Promise<Log> {
  const unknown = (note: string): Log => ({ directory: null, sizeBytes: null, behind: null, note })
  if (!cluster.nodeIds.includes(node)) return unknown('this broker is not in the cluster now')
  try {
    const asked = [{ name: topic, partitions: [partition] }]
    const { errorCode, results } = await cluster.answer('DescribeLogDirs', node, asked)
    for (const { logDir, topics } of results) {
      const found = topics.find((one) => one.name === topic)?.partitions.find((one) => !one.isFutureKey)
      if (found) {
        return { directory: logDir, sizeBytes: found.partitionSize, behind: found.offsetLag, note: null }
      }
    }
    const code = errorCode || (results.find((result) => result.errorCode !== 0)?.errorCode ?? 0)
    return unknown(code === 0 ? 'this broker tells of no directory' : explainFailure(failureOf(cluster, code)))
  } catch (error) {
    const failure = kafkaFailure(error)
    return unknown(failure ? explainFailure(failure) : (networkReason(error) ?? 'this broker does not answer'))
  }
}

interface Found {
  readonly file: FilePlace | null
  readonly note: string | null
}

/** A directory that the user named must hold the batch. */
async function lookWhereTold(data: string, sought: SoughtBatch): Promise<Found> {
  const found = await lookIn(data, sought)
  if (found.file !== null) return found
  throw new CliError({
    what: `${data} does not hold this message`,
    why: found.note ?? undefined,
    next: 'name the log directory of the leader: the one that has a directory for each partition',
    exitCode: ExitCode.notFound
  })
}

/** The directory that a broker named may be one on another machine. */
async function lookWhereItSays({ directory, note }: Log, sought: SoughtBatch): Promise<Found> {
  if (directory === null) return { file: null, note }
  if (!isAbsolute(directory)) return { file: null, note: 'kept in memory: there is no file' }
  return await lookIn(directory, sought)
}

/** The batch in a log directory, if that can be read here and is the one that the broker sent. */
export async function lookIn(logDirectory: string, sought: SoughtBatch): Promise<Found> {
  const nowhere = (note: string): Found => ({ file: null, note })
  const directory = join(logDirectory, `${sought.topic}-${sought.partition}`)
  try {
    const id = await topicIdIn(directory)
    if (id !== undefined && id !== shortId(sought.topicId)) {
      return nowhere(`${directory} on this machine is that of another topic (id ${id}): segment unknown`)
    }
    const place = await locateBatch(directory, sought.firstOffset)
    if (place === undefined)
      return nowhere(`no segment in ${directory} has a batch that begins at ${sought.firstOffset}`)
    if (place.crc !== sought.crc) return nowhere(`the batch in ${place.path} is not the one that the broker sent`)
    return { file: { path: place.path, position: place.position, sizeBytes: place.sizeBytes }, note: null }
  } catch (error) {
    return nowhere(`${directory} cannot be read on this machine (${codeOf(error)}): segment unknown`)
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error)
}

/** What `partition.metadata` says; directories of old logs have none. */
async function topicIdIn(directory: string): Promise<string | undefined> {
  try {
    return /^topic_id: (\S+)$/m.exec(await readFile(join(directory, 'partition.metadata'), 'utf8'))?.[1]
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
}

/** As Kafka writes an id: its sixteen bytes in base64 for URLs. */
function shortId(uuid: string): string {
  return Buffer.from(uuid.replaceAll('-', ''), 'hex').toString('base64url')
}
