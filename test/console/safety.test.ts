/** Whom the console answers: no page of a stranger, no stranger's name for this machine, nobody without the token from outside. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Door, objectionTo, safeHeaders, type Visit } from '../../src/console/http/safety.ts'
import * as fc from '../harness/properties.ts'

const own = 'localhost:8080'
const local: Door = { hosts: new Set([own, '127.0.0.1:8080', '[::1]:8080']), token: null, isReadOnly: false }
const outside: Door = { hosts: null, token: 'secret', isReadOnly: false }
const look: Visit = {
  ...{ method: 'GET', host: own, origin: null, site: null },
  ...{ path: '/api/topics', contentType: null, token: null }
}
const change: Visit = { ...look, method: 'POST', origin: `http://${own}`, contentType: 'application/json' }

test('its own page may look and change, by each name of this machine', () => {
  for (const host of local.hosts ?? []) {
    assert.equal(objectionTo({ ...look, host }, local), null)
    assert.equal(objectionTo({ ...change, host, origin: `http://${host}` }, local), null)
  }
  // A program of the user, which is no browser, names no origin.
  assert.equal(objectionTo({ ...change, origin: null }, local), null)
  assert.equal(objectionTo({ ...look, host: 'LOCALHOST:8080' }, local), null)
})

test('a name that a stranger made to lead here is told that it is not that', () => {
  for (const host of ['evil.example:8080', 'localhost', 'localhost:80', 'localhost:8080.evil.example', '', null]) {
    const objection = objectionTo({ ...look, host }, local)
    assert.equal(objection?.status, 421, String(host))
  }
})

test('a page of another origin is refused, whatever it asks for', () => {
  for (const origin of [
    'http://evil.example',
    'null',
    'http://localhost:8081',
    'https://localhost:8080',
    'http://127.0.0.1:8080'
  ])
    for (const visit of [look, change]) assert.equal(objectionTo({ ...visit, origin }, local)?.status, 403, origin)
})

test('an image of another site, which names no origin, is refused as well, and a link to the page is followed', () => {
  for (const site of ['cross-site', 'same-site']) {
    assert.equal(objectionTo({ ...look, site }, local)?.status, 403, site)
    assert.equal(objectionTo({ ...look, site, path: '/topics/orders' }, local), null)
  }
  for (const site of ['same-origin', 'none']) assert.equal(objectionTo({ ...look, site }, local), null)
})

test('who speaks TLS before a console with a token passes its pages on', () => {
  const visit = { ...change, host: 'kafka.example', origin: 'https://kafka.example', token: 'secret' }
  assert.equal(objectionTo(visit, outside), null)
  assert.equal(objectionTo({ ...visit, origin: 'https://evil.example' }, outside)?.status, 403)
})

test('what a browser sends for a stranger without asking first changes nothing', () => {
  for (const contentType of [
    'text/plain',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    null,
    'application/jsonp'
  ])
    for (const method of ['POST', 'DELETE', 'PUT', 'PATCH'])
      assert.equal(objectionTo({ ...change, method, contentType }, local)?.status, 415, `${method} ${contentType}`)
})

test('from outside nobody is answered without the token', () => {
  for (const token of [null, '', 'Secret', 'secret '])
    assert.equal(objectionTo({ ...look, token }, outside)?.status, 401)
  assert.equal(objectionTo({ ...look, token: 'secret', host: '192.168.1.5:8080' }, outside), null)
})

test('with --read-only nothing is changed', () => {
  const door = { ...local, isReadOnly: true }
  assert.equal(objectionTo(look, door), null)
  assert.equal(objectionTo(change, door)?.status, 403)
})

test('who is let in has an own name, an own origin if any, and the token where one is needed', () => {
  const name = fc.oneof(
    fc.constantFrom(own, '127.0.0.1:8080', 'evil.example', `${own}.evil.example`),
    fc.webAuthority()
  )
  const text = fc.option(fc.oneof(fc.string(), fc.constantFrom('secret', 'application/json')))
  fc.assert(
    fc.property(
      fc.record({
        ...{ method: fc.constantFrom('GET', 'HEAD', 'POST', 'DELETE'), host: fc.option(name) },
        ...{ origin: fc.option(name.map((one) => `http://${one}`)), contentType: text, token: text },
        ...{
          site: fc.option(fc.constantFrom('same-origin', 'same-site', 'cross-site', 'none')),
          path: fc.constantFrom('/', '/api/x')
        }
      }),
      fc.constantFrom(local, outside, { ...local, isReadOnly: true }),
      (visit, door) => {
        if (objectionTo(visit, door) !== null) return
        assert.ok(visit.host !== null && (door.hosts === null || door.hosts.has(visit.host.toLowerCase())))
        assert.ok(visit.origin === null || visit.origin.toLowerCase() === `http://${visit.host.toLowerCase()}`)
        assert.ok(visit.path === '/' || visit.site === null || /^(same-origin|none)$/.test(visit.site))
        assert.ok(door.token === null || visit.token === door.token)
        const isLook = visit.method === 'GET' || visit.method === 'HEAD'
        assert.ok(isLook || (!door.isReadOnly && visit.contentType === 'application/json'))
      }
    ),
    { numRuns: 2000 }
  )
})

test('the policy allows nothing but files of the console', () => {
  const policy = safeHeaders['content-security-policy'] ?? ''
  assert.match(policy, /default-src 'none'/)
  assert.doesNotMatch(policy, /unsafe|\*|https?:/)
})
