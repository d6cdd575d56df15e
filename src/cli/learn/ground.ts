/**
 * Where a lesson takes place: a broker of our own, which may be stopped and started on its directory, or the reader's
 * cluster. Whatever a lesson makes there has the lesson's prefix in its name, and goes at its end.
 */
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CliError } from '../cli-error.ts'
import type { Cluster } from '../cluster.ts'
import type { Flags, GlobalOptions } from '../command.ts'
import { connect } from '../connect.ts'
import { openStage, type Stage } from '../serve/stage.ts'
import { persistently } from '../waiting.ts'
import { BrokersProcess } from './brokers-process.ts'
import { runCommand, textOf } from './shell.ts'

/** Cleaning up is short work; a broker that does not answer must not keep a terminal. */
const cleanUpMs = 15_000
const reachableMs = 15_000
const connectAgainMs = 100
/** As many as a topic has copies, by custom. */
const brokersOfOurOwn = 3

export interface Ground extends AsyncDisposable {
  readonly kind: Stage['kind']
  /** host:port, for any client. */
  readonly brokers: readonly string[]
  /** By node id, the address of every broker that there was at the beginning. */
  readonly addresses: ReadonlyMap<number, string>
  /** Where our own broker keeps its files; null for a cluster. */
  readonly directory: string | null
  readonly cluster: Cluster
  /** What our own broker can suffer; a cluster is the reader's to stop. */
  readonly power: Power | undefined
}

export interface Power {
  stop(): Promise<void>
  /** On the same directory. */
  start(): Promise<void>
}

export interface GroundOptions {
  readonly flags: Flags
  readonly global: GlobalOptions
  /** Whether our own broker's directory stays for whoever wants to look at it. */
  readonly afterwards: 'kept' | 'removed'
}

/** The cluster that was named, else a broker in this process. */
export async function openGround(options: GroundOptions): Promise<Ground> {
  if (options.flags.text('bootstrapServer') !== undefined) return await clusterGround(options)
  return await ownGround(options, (directory) => openStage(options.flags, directory))
}

/** The cluster that was named, else three brokers, of which the commands for brokers can kill one. */
export async function openGroundOfSeveral(options: GroundOptions): Promise<Ground> {
  if (options.flags.text('bootstrapServer') !== undefined) return await clusterGround(options)
  return await ownGround(options, (directory) => BrokersProcess.start(directory, brokersOfOurOwn))
}

async function clusterGround({ flags, global }: GroundOptions): Promise<Ground> {
  const { kind, brokers } = await openStage(flags)
  const cluster = await connect({ ...global, brokers })
  const close = () => cluster.close().catch(() => {})
  const addresses = await addressesOf(cluster)
  return { kind, brokers, addresses, directory: null, cluster, power: undefined, [Symbol.asyncDispose]: close }
}

async function addressesOf(cluster: Cluster): Promise<ReadonlyMap<number, string>> {
  const { brokers } = await cluster.metadata([], 'leave')
  return new Map(
    brokers.map(({ nodeId, host, port }) => [nodeId, `${host.includes(':') ? `[${host}]` : host}:${port}`])
  )
}

type Running = AsyncDisposable & { readonly brokers: readonly string[] }

async function ownGround(options: GroundOptions, start: (directory: string) => Promise<Running>): Promise<Ground> {
  const directory = await mkdtemp(join(tmpdir(), 'odradek-learn-'))
  const discard = async () => {
    if (options.afterwards === 'removed') await rm(directory, { recursive: true, force: true })
  }
  const open = async () => {
    const broker = await start(directory)
    try {
      const cluster = await connectPatiently({ ...options.global, brokers: broker.brokers })
      return { broker, cluster, addresses: await addressesOf(cluster) }
    } catch (error) {
      await broker[Symbol.asyncDispose]()
      throw error
    }
  }
  const close = async (running: Awaited<ReturnType<typeof open>>) => {
    await running.cluster.close().catch(() => {})
    await running.broker[Symbol.asyncDispose]()
  }
  let running = await open().catch(async (error: unknown) => {
    await discard()
    throw error
  })
  return {
    kind: 'embedded',
    directory,
    get brokers() {
      return running.broker.brokers
    },
    get addresses() {
      return running.addresses
    },
    get cluster() {
      return running.cluster
    },
    power: {
      stop: () => close(running),
      async start() {
        running = await open()
      }
    },
    async [Symbol.asyncDispose]() {
      await close(running)
      await discard()
    }
  }
}

/** Our own broker runs, so it will answer, also where the machine is busy; but to nobody who has asked for the end. */
async function connectPatiently(global: GlobalOptions): Promise<Cluster> {
  const patience = { limitMs: reachableMs, pauseMs: connectAgainMs }
  return await persistently(
    patience,
    () => global.interrupted?.aborted !== true,
    () => connect(global)
  )
}

/** Deletes every topic and group whose name begins so, also those the reader made for a question, and aborts what is open of such an id. */
export async function removeMade(ground: Ground, prefix: string): Promise<void> {
  // One that was stopped for the lesson may be the only one that was named.
  const brokers = [...new Set([...ground.brokers, ...ground.addresses.values()])]
  const options = { brokers, interrupted: AbortSignal.timeout(cleanUpMs) }
  const run = async (words: readonly string[]) => {
    const { rows, error } = await runCommand(words, options)
    if (error) throw leftBehind(prefix, error)
    return rows
  }
  const named = async (words: readonly string[], field: string) =>
    (await run(words)).map((row) => textOf(row, field) ?? '').filter((name) => name.startsWith(prefix))
  // Whoever lists none, or may not, has none open. One that is open holds up whoever reads what is committed.
  const { rows: open } = await runCommand(['transactions', 'list', `${prefix}*`, '--state', 'ongoing'], options)
  for (const id of open.flatMap((row) => textOf(row, 'transactionalId') ?? []))
    await run(['transactions', 'abort', id, '--yes'])
  const groups = await named(['groups', 'list'], 'group')
  if (groups.length > 0) await run(['groups', 'delete', ...groups, '--yes'])
  const topics = await named(['topics', 'list', `${prefix}*`], 'topic')
  if (topics.length > 0) await run(['topics', 'delete', ...topics, '--if-exists', '--yes'])
}

function leftBehind(prefix: string, error: CliError): CliError {
  return new CliError({
    what: `the lesson could not remove what it made, the topics and groups that begin with ${prefix}`,
    why: [error.message, error.why].filter((part) => part !== undefined).join('; '),
    next: `npx odradek topics list '${prefix}*'   (then topics delete, and groups delete)`,
    exitCode: error.exitCode,
    cause: error
  })
}

/** `learn-k3f9-`: what a lesson makes begins so, and nothing else does. */
export function newPrefix(): string {
  const letters = 'abcdefghjkmnpqrstuvwxyz23456789'
  return `learn-${[...randomBytes(4)].map((byte) => letters[byte % letters.length]).join('')}-`
}
