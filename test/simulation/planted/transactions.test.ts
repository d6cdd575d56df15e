import { test } from 'node:test'
import { assertFound } from './planted.ts'

test('the simulation finds each mistake of transactions that was planted', () =>
  assertFound([
    'a transaction ends without a marker in one of its partitions',
    'the last stable offset is behind the high watermark',
    'after a start no transaction is open',
    'whose epoch was given to another ends the transaction of that one',
    'a transactional id is taken while the transaction before is open',
    'the offsets of a transaction count before it is committed',
    'the offsets of a transaction that was aborted count',
    'the end of a transaction is answered before it is safe',
    'who takes over transactional ids does not go on with the ends that are under way'
  ]))
