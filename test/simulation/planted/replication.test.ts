import { test } from 'node:test'
import { assertFound } from './planted.ts'

test('the simulation finds each mistake of replication that was planted', () =>
  assertFound([
    'acks=all is answered before the followers have it',
    'the high watermark is what the leader alone has',
    'the high watermark is what one of the others has',
    'a follower joins the in-sync set without having caught up',
    'a follower keeps what its leader does not have',
    'a leader goes on in the epoch that it had',
    'a follower does not remember the producers of what it takes'
  ]))
