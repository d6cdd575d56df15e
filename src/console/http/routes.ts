/**
 * What the page can ask for. Everything under /api is JSON; under /api/live it comes again and again as server-sent events, for as long as the
 * page listens. Whatever fails is told as a command tells it: what happened, why, what to do. Names of groups may be anything, and stand in the
 * query; a topic's name is a part of a path.
 */
import { type Context, Hono } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import type { ContentfulStatusCode } from 'hono/utils/http-status'
import { CliError, wrongUsage } from '../../cli/cli-error.ts'
import type { Cluster } from '../../cli/cluster.ts'
import { ExitCode } from '../../cli/exit-codes.ts'
import { toJson } from '../../cli/output.ts'
import { toCliError } from '../../cli/present-error.ts'
import { createTopic, deleteTopic, produceRecord } from '../changes.ts'
import { clusterView } from '../views/cluster.ts'
import { groupFindings } from '../views/groups.ts'
import { newestRecords, oneRecord } from '../views/records.ts'
import { topicSettings } from '../views/topics.ts'
import type { ProblemView } from '../wire.ts'
import { eventStream } from './event-stream.ts'
import { LiveTopics } from './live-records.ts'
import { Looks } from './looks.ts'
import { problemView } from './problem.ts'
import { readNewTopic, readRecord, readTypedName } from './read-body.ts'

export interface Surroundings {
  /** For what is answered at once. */
  readonly cluster: Cluster
  /** A connection of its own, for who waits for records: on one connection answers come one after the other. */
  readonly openCluster: () => Promise<Cluster>
  readonly bootstrap: string
  readonly isReadOnly: boolean
  /** The console ends. */
  readonly ended: AbortSignal
  /** Hears of what failed and is no answer of the cluster: a mistake of ours. */
  readonly onMistake: (error: unknown) => void
}

const mostRecords = 200
const usualRecords = 50
/** Nobody waits longer for records that were to be there. */
const readMs = 30_000

/** A broker takes a record of 1 MB by default, and JSON writes it longer. */
const bodyBytes = 8 * 1024 * 1024
const tooLarge: ProblemView = {
  what: 'what was sent is too large for the console',
  why: 'it takes up to 8 MB at once',
  next: 'odradek produce TOPIC -F FILE'
}

export function routes(surroundings: Surroundings): Hono {
  const app = new Hono()
  app.use(bodyLimit({ maxSize: bodyBytes, onError: (context) => context.body(toJson(tooLarge), 413) }))
  addViews(app, surroundings)
  addChanges(app, surroundings)
  addLive(app, surroundings)
  app.all('/api/*', (context) =>
    context.body(toJson({ what: `there is no ${context.req.path}`, why: null, next: null }), 404)
  )
  app.onError((error, context) => {
    const problem = toCliError(error)
    if (!(error instanceof CliError) && problem.exitCode === ExitCode.failed) surroundings.onMistake(error)
    return context.body(toJson(problemView(problem)), statusOf(problem))
  })
  return app
}

function addViews(app: Hono, { cluster, bootstrap, isReadOnly, ended }: Surroundings): void {
  /** Until the page has gone, the console ends, or it takes too long. */
  const whileWanted = ({ req }: Context): AbortSignal =>
    AbortSignal.any([ended, req.raw.signal, AbortSignal.timeout(readMs)])

  app.get('/api/cluster', async (context) =>
    context.body(toJson(await clusterView(cluster, { bootstrap, isReadOnly })))
  )
  app.get('/api/topics/:topic/settings', async (context) =>
    context.body(toJson(await topicSettings(cluster, context.req.param('topic'))))
  )
  app.get('/api/topics/:topic/records', async (context) => {
    const { req } = context
    const count = Math.min(mostRecords, wholeOf(req.query('count')) ?? usualRecords)
    const wanted = { count, before: req.query('before') ?? null }
    return context.body(toJson(await newestRecords(cluster, req.param('topic'), wanted, whileWanted(context))))
  })
  app.get('/api/topics/:topic/records/:partition{\\d{1,9}}/:offset{\\d{1,18}}', async (context) => {
    const { topic, partition, offset } = context.req.param()
    const place = { topic, partition: Number(partition), offset: BigInt(offset) }
    const record = await oneRecord(cluster, place, whileWanted(context))
    const missing: ProblemView = {
      what: `nothing lies at offset ${offset} of ${topic}:${partition}`,
      why: 'it was removed, compacted away, never written, or is a marker of a transaction',
      next: null
    }
    return record === null ? context.body(toJson(missing), 404) : context.body(toJson(record))
  })
  app.get('/api/group/why', async (context) =>
    context.body(toJson(await groupFindings(cluster, groupOf(context), [], whileWanted(context))))
  )
}

function addChanges(app: Hono, { cluster }: Surroundings): void {
  app.post('/api/topics', async (context) =>
    context.body(toJson(await createTopic(cluster, readNewTopic(await jsonOf(context)))))
  )
  app.post('/api/topics/:topic/records', async (context) =>
    context.body(toJson(await produceRecord(cluster, context.req.param('topic'), readRecord(await jsonOf(context)))))
  )
  app.delete('/api/topics/:topic', async (context) => {
    await deleteTopic(cluster, context.req.param('topic'), readTypedName(await jsonOf(context)))
    return context.body(toJson({}))
  })
}

function addLive(app: Hono, { cluster, openCluster, ended }: Surroundings): void {
  const looks = new Looks(cluster)
  const live = new LiveTopics(openCluster)
  const stream = <View>(context: Context, views: (gone: AbortSignal) => AsyncIterable<View>): Response =>
    eventStream(context, ended, views)

  app.get('/api/live/topics', (context) => stream(context, (gone) => looks.topics.views(gone)))
  app.get('/api/live/topics/:topic', (context) =>
    stream(context, (gone) => looks.topic(context.req.param('topic')).views(gone))
  )
  app.get('/api/live/topics/:topic/records', (context) =>
    stream(context, (gone) => live.records(context.req.param('topic'), gone))
  )
  app.get('/api/live/groups', (context) => stream(context, (gone) => looks.groups.views(gone)))
  app.get('/api/live/group', (context) => {
    const name = groupOf(context)
    return stream(context, (gone) => looks.group(name).views(gone))
  })
}

/** Throws CliError. */
function groupOf({ req }: Context): string {
  const name = req.query('name')
  if (name === undefined || name === '') throw wrongUsage('which group is not said', '?name=GROUP')
  return name
}

/** Throws CliError. */
async function jsonOf({ req }: Context): Promise<unknown> {
  const text = await req.text()
  try {
    return JSON.parse(text)
  } catch (error) {
    throw wrongUsage('what was sent is not JSON', error instanceof Error ? error.message : undefined)
  }
}

function statusOf({ exitCode }: CliError): ContentfulStatusCode {
  const { notFound, wrongUsage: wrong, unreachable, notAllowed } = ExitCode
  if (exitCode === notFound) return 404
  if (exitCode === wrong) return 400
  if (exitCode === notAllowed) return 403
  return exitCode === unreachable ? 502 : 500
}

function wholeOf(text: string | undefined): number | null {
  return text !== undefined && /^\d{1,9}$/.test(text) ? Number(text) : null
}
