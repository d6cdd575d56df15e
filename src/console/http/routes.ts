/**
 * What the page can ask for. Everything under /api is JSON; under /api/live it comes again and again as server-sent events, for as long as the
 * page listens. Whatever fails is told as a command tells it: what happened, why, what to do.
 */
import { Hono } from 'hono'
import type { ContentfulStatusCode } from 'hono/utils/http-status'
import type { CliError } from '../../cli/cli-error.ts'
import type { Cluster } from '../../cli/cluster.ts'
import { ExitCode } from '../../cli/exit-codes.ts'
import { toJson } from '../../cli/output.ts'
import { asCalled } from '../../cli/own-name.ts'
import { toCliError } from '../../cli/present-error.ts'
import { createTopic, deleteTopic, produceRecord } from '../changes.ts'
import { clusterView } from '../views/cluster.ts'
import { groupFindings, groupsView, groupView } from '../views/groups.ts'
import { newestRecords, oneRecord } from '../views/records.ts'
import { topicSettings, topicsView, topicView } from '../views/topics.ts'
import type { GroupsView, GroupView, ProblemView, TopicsView, TopicView } from '../wire.ts'
import { eventStream } from './event-stream.ts'
import { LiveTopics } from './live-records.ts'
import { problemView } from './problem.ts'
import { readNewTopic, readRecord, readTypedName } from './read-body.ts'
import { SharedLook } from './shared-look.ts'

export interface Surroundings {
  /** For what is answered at once. */
  readonly cluster: Cluster
  /** A connection of its own, for who waits for records: on one connection answers come one after the other. */
  readonly openCluster: () => Promise<Cluster>
  readonly bootstrap: string
  readonly isReadOnly: boolean
  /** The console ends. */
  readonly ended: AbortSignal
}

/** Lag and ends are no older than this, and what it takes to ask. */
const pauseMs = 400

const mostRecords = 200
const usualRecords = 50

export function routes(surroundings: Surroundings): Hono {
  const { cluster, openCluster, bootstrap, isReadOnly, ended } = surroundings
  const looks = new Looks(cluster)
  const live = new LiveTopics(openCluster)
  const app = new Hono()

  app.get('/api/cluster', async (context) =>
    context.body(toJson(await clusterView(cluster, { bootstrap, isReadOnly })))
  )
  app.get('/api/topics', async (context) => context.body(toJson(await topicsView(cluster))))
  app.get('/api/topics/:topic', async ({ req, body }) => body(toJson(await topicView(cluster, req.param('topic')))))
  app.get('/api/topics/:topic/settings', async ({ req, body }) =>
    body(toJson(await topicSettings(cluster, req.param('topic'))))
  )
  app.get('/api/topics/:topic/records', async ({ req, body }) => {
    const wanted = {
      count: Math.min(mostRecords, wholeOf(req.query('count')) ?? usualRecords),
      before: req.query('before') ?? null,
      partition: wholeOf(req.query('partition'))
    }
    return body(toJson(await newestRecords(cluster, req.param('topic'), wanted, ended)))
  })
  app.get('/api/topics/:topic/records/:partition{\\d{1,9}}/:offset{\\d{1,18}}', async (context) => {
    const { topic, partition, offset } = context.req.param()
    const place = { topic, partition: Number(partition), offset: BigInt(offset) }
    const record = await oneRecord(cluster, place, ended)
    const missing: ProblemView = {
      what: `nothing lies at offset ${offset} of ${topic}:${partition}`,
      why: 'it was removed, compacted away, never written, or is a marker of a transaction',
      next: null
    }
    return record === null ? context.body(toJson(missing), 404) : context.body(toJson(record))
  })
  app.get('/api/groups', async (context) => context.body(toJson(await groupsView(cluster))))
  app.get('/api/groups/:group', async ({ req, body }) => body(toJson(await groupView(cluster, req.param('group')))))
  app.get('/api/groups/:group/why', async ({ req, body }) => {
    const topics = req.queries('topic') ?? []
    const findings = await groupFindings(cluster, req.param('group'), topics, ended)
    return body(toJson(findings.map((one) => ({ ...one, next: one.next === null ? null : asCalled(one.next) }))))
  })

  app.post('/api/topics', async ({ req, body }) =>
    body(toJson(await createTopic(cluster, readNewTopic(await req.json()))))
  )
  app.post('/api/topics/:topic/records', async ({ req, body }) =>
    body(toJson(await produceRecord(cluster, req.param('topic'), readRecord(await req.json()))))
  )
  app.delete('/api/topics/:topic', async ({ req, body }) => {
    await deleteTopic(cluster, req.param('topic'), readTypedName(await req.json()))
    return body(toJson({}))
  })

  app.get('/api/live/topics', (context) => eventStream(context, ended, (gone) => looks.topics.views(gone)))
  app.get('/api/live/topics/:topic', (context) =>
    eventStream(context, ended, (gone) => looks.topic(context.req.param('topic')).views(gone))
  )
  app.get('/api/live/topics/:topic/records', (context) =>
    eventStream(context, ended, (gone) => live.records(context.req.param('topic'), gone))
  )
  app.get('/api/live/groups', (context) => eventStream(context, ended, (gone) => looks.groups.views(gone)))
  app.get('/api/live/groups/:group', (context) =>
    eventStream(context, ended, (gone) => looks.group(context.req.param('group')).views(gone))
  )

  app.all('/api/*', (context) =>
    context.body(toJson({ what: `there is no ${context.req.path}`, why: null, next: null }), 404)
  )
  app.onError((error, context) => {
    const problem = error instanceof SyntaxError ? notJson : toCliError(error)
    return context.body(toJson(problemView(problem)), statusOf(problem))
  })
  return app
}

/** What is looked at by anybody at this moment. */
class Looks {
  readonly #cluster: Cluster
  readonly topics: SharedLook<TopicsView>
  readonly groups: SharedLook<GroupsView>
  readonly #topics = new Map<string, SharedLook<TopicView>>()
  readonly #groups = new Map<string, SharedLook<GroupView>>()

  constructor(cluster: Cluster) {
    this.#cluster = cluster
    this.topics = new SharedLook(() => topicsView(cluster), pauseMs)
    this.groups = new SharedLook(() => groupsView(cluster), pauseMs)
  }

  topic(name: string): SharedLook<TopicView> {
    return lookOf(this.#topics, name, () => topicView(this.#cluster, name))
  }

  group(name: string): SharedLook<GroupView> {
    return lookOf(this.#groups, name, () => groupView(this.#cluster, name))
  }
}

/** Those that nobody looks at any more are forgotten when another is made. */
function lookOf<View>(known: Map<string, SharedLook<View>>, name: string, look: () => Promise<View>): SharedLook<View> {
  const found = known.get(name)
  if (found !== undefined) return found
  for (const [other, { isWatched }] of known) if (!isWatched) known.delete(other)
  const made = new SharedLook(look, pauseMs)
  known.set(name, made)
  return made
}

const notJson = { message: 'what was sent is not JSON', why: undefined, next: undefined, exitCode: ExitCode.wrongUsage }
type Problem = Pick<CliError, 'message' | 'why' | 'next' | 'exitCode'>

function statusOf({ exitCode }: Problem): ContentfulStatusCode {
  const { notFound, wrongUsage, unreachable, notAllowed } = ExitCode
  if (exitCode === notFound) return 404
  if (exitCode === wrongUsage) return 400
  if (exitCode === notAllowed) return 403
  return exitCode === unreachable ? 502 : 500
}

function wholeOf(text: string | undefined): number | null {
  return text !== undefined && /^\d{1,9}$/.test(text) ? Number(text) : null
}
