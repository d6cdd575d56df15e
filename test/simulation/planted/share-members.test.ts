import { test } from 'node:test'
import { assertFound } from './planted.ts'

test('the simulation finds each mistake of share partitions that was planted', () =>
  assertFound([
    'a leader of a share partition begins without what was written before',
    'a member that goes gives back what others hold'
  ]))
