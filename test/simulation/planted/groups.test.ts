import { test } from 'node:test'
import { assertFound } from './planted.ts'

test('the simulation finds each mistake of groups and compaction that was planted', () =>
  assertFound([
    'a member of an old generation commits offsets',
    'a member of an old generation goes on as if nothing had happened',
    'who asks for its assignment later is given that of another member',
    'who takes over a group begins its generations anew',
    'a tombstone goes as soon as it is cleaned',
    'records are compacted that are too young',
    'segments that were compacted go before the new one is synced',
    'keys that begin alike are taken for one'
  ]))
