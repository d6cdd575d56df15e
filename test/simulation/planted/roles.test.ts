import { test } from 'node:test'
import { assertFound } from './planted.ts'

// "After a start a partition with followers is led in its old epoch" is found no more: who leads after a start has most of all logs now
// (src/controller/replica-ends.ts), so that nobody is cut to less. That a new epoch begins is held by test/controller/.
test('the simulation finds each mistake of elections and roles that was planted', () =>
  assertFound([
    'any replica is elected, whether or not it is in sync',
    'a broker that follows now goes on as the leader that it was',
    'a leader takes who lags out of its in-sync set without the controller, whether or not it is replaced',
    'a reassignment waits for nobody',
    'after a stop that was not clean a log is believed that shows no loss',
    'a follower that has more than its leader is cut back to its high watermark instead of by epoch'
  ]))

// Rare since logs are compared before anybody leads.
test('the simulation finds a mistake that only a rare world shows', () =>
  assertFound(['after a start a broker that has not heard of its new epochs leads in the old ones'], 201))
