/** The lesson about topics, in words. */
import type { Concept } from '../concept.ts'

export const topic = {
  name: 'topic',
  title: 'Topic',
  aliases: ['topics'],
  line: {
    layman: 'a named mailbox; in the kitchen, the rail where the order tickets hang',
    engineer: 'a named log of records that producers append to and consumers read'
  },
  problem: {
    layman:
      'Orders, payments and notifications all shout across the same kitchen. Whoever is not listening at that moment has missed it, and whoever listens hears everything.',
    engineer:
      'A service that calls another must know it and find it at home. When several have to hear the same message, and some of them later, the message needs a place of its own.'
  },
  postOffice: 'A topic is like a named mailbox where messages are dropped off and picked up.',
  kitchen:
    'A topic is an order rail with a name on it: "orders", "payments". The waiter hangs up a ticket and walks away; whoever works from that rail reads it, and the ticket stays where it hangs.',
  definition:
    'Topics are logical channels in Kafka to which producers send messages and from which consumers read. Each topic can have multiple partitions. A topic is a log, not a queue: reading removes nothing, and records go when the retention says so.',
  steps: {
    'first-use': {
      layman: 'Nobody has put up a rail for orders. We hang up a ticket anyway.',
      engineer: 'Produce to a topic that does not exist; auto.create.topics.enable decides what happens.'
    },
    'two-topics': {
      layman: 'A second rail, for payments. Then we look at what hangs on each.',
      engineer: 'Produce to two topics, then read each of them from its start.'
    },
    'read-twice': {
      layman: 'The first cook has read the tickets of the orders rail. A second one comes and reads.',
      engineer: 'Read the same topic again from its start.'
    }
  },
  claims: {
    'first-use-makes-it': {
      layman: 'The first ticket put up the rail: it was not there before, and it is there now.',
      engineer: 'The first produce created the topic, with the number of partitions that the broker gives by default.',
      otherwise: {
        layman: 'Here the first ticket put up no rail, although the house says that it would.',
        engineer: 'Here the first use did not make the topic, although the broker says that it would.'
      }
    },
    'first-use-is-refused': {
      layman: 'In this kitchen a ticket alone puts up no rail: someone has to put it up first. So we did.',
      engineer: 'auto.create.topics.enable is false here: the produce was refused, and the topic was created by hand.',
      otherwise: {
        layman: 'The house says that nobody puts up a rail by a ticket alone, and yet the ticket was taken.',
        engineer: 'The broker refuses to make topics by its settings, and yet the produce was taken.'
      },
      on: 'a cluster that does not create topics by itself'
    },
    'topics-do-not-mix': {
      layman: 'Each rail holds its own tickets and none of the other.',
      engineer: 'Each topic gave back exactly the records that were sent to it.',
      otherwise: {
        layman: 'The tickets on the rails are not those that were hung up there.',
        engineer: 'The topics did not give back exactly what was sent to each of them.'
      }
    },
    'reading-keeps': {
      layman: 'Reading took nothing away: the second cook found the same tickets.',
      engineer: 'A fetch changes nothing in the log: both reads returned the same offsets and values.',
      otherwise: {
        layman: 'The second cook did not find what the first one had read.',
        engineer: 'The second read did not return what the first one returned.'
      }
    }
  },
  question: {
    layman: {
      ask: {
        text: 'Two cooks have read the rail "orders" from its beginning. Now a third one comes and reads it. How many tickets does he find? Your answer lets him read.'
      },
      hints: [
        { text: 'Two tickets were hung up there. What did reading take away?' },
        { text: 'Nothing was taken away.' }
      ]
    },
    engineer: {
      ask: {
        text: 'In another terminal, make the topic {topic} with 3 partitions. Then press Enter here; the broker is asked whether it is there.'
      },
      hints: [
        { text: 'There is a command for it.', command: 'npx odradek topics create --help' },
        { text: 'This makes it.', command: 'npx odradek topics create {topic} -p 3{where}' }
      ]
    }
  }
} as const satisfies Concept
