import { test } from 'node:test'
import { assertFound } from './planted.ts'

test('the simulation finds each mistake of share states that was planted', () =>
  assertFound([
    'a late write takes back what a later one said',
    'the log is cut behind a snapshot that is needed',
    'a snapshot leaves out what was written before',
    'a leader that was replaced goes on writing',
    'a write of an earlier initialization is taken'
  ]))
