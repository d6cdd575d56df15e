import { test } from 'node:test'
import { assertFound } from './planted.ts'

test('the simulation finds each mistake of one log that was planted', () =>
  assertFound([
    'acks=all is answered as acks=1 is',
    'consumers read what is not synced',
    'acks=all is answered without a sync',
    'the names of new files are not synced',
    'a coordinator answers before its records are safe',
    'a batch that is sent again is stored again'
  ]))

/** Bits flip in a broker that has no others in one seed of twenty, and seldom in what was there at its start: it was found at 487. */
test('the simulation finds that what was there at the start is served without a look at its checksum', () =>
  assertFound(['what was there at the start is served without a look at its checksum'], 401))
