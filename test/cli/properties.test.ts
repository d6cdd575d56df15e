/** Java's properties files. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { clientSettings, parseProperties } from '../../src/cli/properties.ts'

test('names and values are separated by =, : or a space; comments and empty lines are nothing', () => {
  const text = '# a comment\n! another\n\nacks=all\nclient.id : me\n  group.id payments\nempty=\nspaced = a b \n'
  assert.deepEqual(Object.fromEntries(parseProperties(text)), {
    acks: 'all',
    'client.id': 'me',
    'group.id': 'payments',
    empty: '',
    spaced: 'a b '
  })
})

test('a backslash joins lines and escapes', () => {
  const text = 'bootstrap.servers=a:1,\\\n    b:2\nkey\\=x=1\ntab=a\\tb\\u0041\n'
  assert.deepEqual(Object.fromEntries(parseProperties(text)), {
    'bootstrap.servers': 'a:1,b:2',
    'key=x': '1',
    tab: 'a\tbA'
  })
})

test('known client settings are taken over', () => {
  const text =
    'bootstrap.servers=a:1\nacks=1\ncompression.type=lz4\ngroup.id=g\nrequest.timeout.ms=700\nkey.serializer=x.Y\nsecurity.protocol=PLAINTEXT'
  assert.deepEqual(clientSettings(parseProperties(text), 'f'), {
    brokers: 'a:1',
    acks: '1',
    compression: 'lz4',
    groupId: 'g',
    requestTimeoutMs: 700
  })
})

test('a setting that would be ignored is an error instead', () => {
  assert.throws(
    () => clientSettings(new Map([['sasl.jaas.config', 'x']]), 'f'),
    /f sets sasl.jaas.config, which is not supported/
  )
  assert.throws(() => clientSettings(new Map([['security.protocol', 'SSL']]), 'f'), /not supported/)
  for (const name of ['constructor', 'toString', '__proto__'])
    assert.throws(() => clientSettings(new Map([[name, '1']]), 'f'), /not supported/)
})
