/**
 * Whom the console answers. It listens on this machine, where any page that a browser shows may send requests to any port: a stranger's page
 * must neither read records nor change anything. So a request has to be addressed to the console by a name of its own (against names that are
 * made to lead here, DNS rebinding), must not come from another page (Origin), and what changes something has to be JSON, which a browser
 * sends for nobody else without asking first. Whoever is reached from outside has a token as well.
 */
import { createHash, timingSafeEqual } from 'node:crypto'

export interface Door {
  /** As a browser writes them, `localhost:8080`; null: any, where a token is asked for. */
  readonly hosts: ReadonlySet<string> | null
  /** Null: on this machine only, nobody is asked for one. */
  readonly token: string | null
  readonly isReadOnly: boolean
}

export interface Visit {
  readonly method: string
  readonly host: string | null
  readonly origin: string | null
  /** Sec-Fetch-Site: whether the page that asks is one of the console; browsers say it also of what names no origin. Null: no browser, or an old one. */
  readonly site: string | null
  readonly path: string
  readonly contentType: string | null
  /** As it was brought along, in a header or a cookie. */
  readonly token: string | null
}

export interface Objection {
  readonly status: 401 | 403 | 415 | 421
  readonly what: string
  readonly why: string
}

/** Null: it is answered. */
export function objectionTo(visit: Visit, door: Door): Objection | null {
  const { method, host, origin, site, path, contentType } = visit
  if (host === null || (door.hosts !== null && !door.hosts.has(host.toLowerCase())))
    return {
      status: 421,
      what: `this console is not ${host ?? 'without a name'}`,
      why: `it answers to ${[...(door.hosts ?? [])].join(' and ')}, so that no stranger's name can lead a browser here`
    }
  if (origin !== null && !isOwnOrigin(origin, host, door))
    return { status: 403, what: `a page of ${origin} may not ask`, why: 'only pages of the console itself may' }
  // An image or a script of a stranger's page could not be read there, and would cost the cluster what it asks for.
  if (path.startsWith('/api/') && site !== null && site !== 'same-origin' && site !== 'none')
    return { status: 403, what: 'a page of another site may not ask', why: 'only pages of the console itself may' }
  if (door.token !== null && !isSame(visit.token, door.token))
    return {
      status: 401,
      what: 'a token is needed',
      why: 'this console is reached from other machines; the line that it printed when it started has the token'
    }
  if (method === 'GET' || method === 'HEAD') return null
  if (door.isReadOnly)
    return { status: 403, what: 'this console changes nothing', why: 'it was started with --read-only' }
  if (!/^application\/json(;|$)/i.test(contentType ?? ''))
    return { status: 415, what: 'what changes something is asked for in JSON', why: 'a form of a stranger cannot' }
  return null
}

/** With a token there may be somebody before the console who speaks TLS. */
function isOwnOrigin(origin: string, host: string, { token }: Door): boolean {
  const own = host.toLowerCase()
  return origin.toLowerCase() === `http://${own}` || (token !== null && origin.toLowerCase() === `https://${own}`)
}

/** In the same time wherever they differ. */
function isSame(token: string | null, wanted: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest()
  return token !== null && timingSafeEqual(digest(token), digest(wanted))
}

/** Nothing is fetched from elsewhere, nothing that is not a file of the console is run, and no page may put it in a frame. */
export const safeHeaders: Readonly<Record<string, string>> = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin'
}
