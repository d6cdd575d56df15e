/** The console on a port: the page's files, and what it asks for, behind the door of `safety.ts`. */
import { randomBytes } from 'node:crypto'
import type { Server } from 'node:http'
import { createAdaptorServer } from '@hono/node-server'
import { Hono } from 'hono'
import { getCookie, setCookie } from 'hono/cookie'
import { CliError } from '../../cli/cli-error.ts'
import type { Cluster } from '../../cli/cluster.ts'
import { toJson } from '../../cli/output.ts'
import { pageFile } from './page-files.ts'
import { routes } from './routes.ts'
import { type Door, objectionTo, safeHeaders } from './safety.ts'

export interface ConsoleOptions {
  readonly cluster: Cluster
  readonly openCluster: () => Promise<Cluster>
  readonly bootstrap: string
  readonly host: string
  /** Undefined: 8080, or the next that is free. */
  readonly port: number | undefined
  readonly isReadOnly: boolean
  /** Hears of mistakes of ours. */
  readonly onMistake: (error: unknown) => void
}

export interface Console {
  /** With the token, where one is needed. */
  readonly url: string
  close(): Promise<void>
}

const usualPort = 8080
const portsTried = 20
/** A browser has six for all its pages. */
const mostConnections = 1000

/** Throws CliError when the port is taken, or none is free. */
export async function openConsole(options: ConsoleOptions): Promise<Console> {
  const { host, port, isReadOnly } = options
  const isLocal = isThisMachine(host)
  const hosts = new Set<string>()
  const door: Door = {
    hosts: isLocal ? hosts : null,
    token: isLocal ? null : randomBytes(16).toString('base64url'),
    isReadOnly
  }
  const ended = new AbortController()
  const app = guarded(door)
  app.route('/', routes({ ...options, ended: ended.signal }))
  app.get('*', async ({ req, body, header }) => {
    const file = await pageFile(req.path)
    header('content-type', file.type)
    header('cache-control', 'no-cache')
    return body(new Uint8Array(file.bytes))
  })
  const server = createAdaptorServer({ fetch: app.fetch }) as Server
  server.maxConnections = mostConnections
  const listensAt = await listen(
    server,
    host,
    port === undefined ? usualPort : port,
    port === undefined ? portsTried : 1
  )
  for (const name of ['localhost', '127.0.0.1', '[::1]', host.includes(':') ? `[${host}]` : host]) {
    hosts.add(`${name.toLowerCase()}:${listensAt}`)
    // Browsers leave it out.
    if (listensAt === 80) hosts.add(name.toLowerCase())
  }
  const named = isLocal ? host : isEverywhere(host) ? 'localhost' : host
  const url = `http://${named.includes(':') ? `[${named}]` : named}:${listensAt}/`
  return {
    url: door.token === null ? url : `${url}?token=${door.token}`,
    async close() {
      ended.abort()
      await new Promise<void>((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      })
    }
  }
}

/** Who comes with the token in the address gets it as a cookie, and an address without it: it should not stay in a history. */
function guarded(door: Door): Hono {
  const app = new Hono()
  app.use(async (context, next) => {
    const { req } = context
    // Cookies know no ports: each console has its own.
    const tokenCookie = `odradek-console-${/:(\d+)$/.exec(req.header('host') ?? '')?.[1] ?? 'web'}`
    const given = req.query('token')
    const bearer = /^Bearer (.+)$/.exec(req.header('authorization') ?? '')?.[1]
    const visit = {
      method: req.method,
      host: req.header('host') ?? null,
      origin: req.header('origin') ?? null,
      site: req.header('sec-fetch-site') ?? null,
      path: req.path,
      contentType: req.header('content-type') ?? null,
      token: given ?? bearer ?? getCookie(context, tokenCookie) ?? null
    }
    for (const [name, value] of Object.entries(safeHeaders)) context.header(name, value)
    const objection = objectionTo(visit, door)
    context.header('cache-control', 'no-store')
    context.header('content-type', 'application/json; charset=utf-8')
    if (objection !== null)
      return context.body(toJson({ what: objection.what, why: objection.why, next: null }), objection.status)
    if (given !== undefined && door.token !== null) {
      // Whoever follows a link in a mail comes from another site: what changes something has to name its origin all the same.
      setCookie(context, tokenCookie, given, { httpOnly: true, sameSite: 'Lax', path: '/' })
      return context.redirect('/')
    }
    await next()
    return undefined
  })
  return app
}

async function listen(server: Server, host: string, first: number, tries: number): Promise<number> {
  for (let port = first; ; port += 1) {
    const failure = await listenAt(server, host, port)
    if (failure === null) {
      const address = server.address()
      return typeof address === 'object' && address !== null ? address.port : port
    }
    if (failure.code !== 'EADDRINUSE' || port - first + 1 >= tries) throw portFailure(failure, host, first, port)
  }
}

async function listenAt(server: Server, host: string, port: number): Promise<NodeJS.ErrnoException | null> {
  return await new Promise((resolve) => {
    const failed = (error: NodeJS.ErrnoException): void => resolve(error)
    server.once('error', failed)
    server.listen(port, host, () => {
      server.off('error', failed)
      // A connection that could not be taken is one that is not there.
      server.on('error', () => {})
      resolve(null)
    })
  })
}

function portFailure(cause: NodeJS.ErrnoException, host: string, first: number, last: number): CliError {
  const isTaken = cause.code === 'EADDRINUSE'
  return new CliError({
    what:
      isTaken && last > first
        ? `no port from ${first} to ${last} is free for the console`
        : `the console cannot listen at ${host}:${first}`,
    why: isTaken ? 'another program has it' : cause.message,
    next: isTaken ? 'odradek console --port 0   (takes any that is free)' : undefined,
    cause
  })
}

function isThisMachine(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d+){3}$/.test(host)
}

function isEverywhere(host: string): boolean {
  return host === '0.0.0.0' || host === '::'
}
