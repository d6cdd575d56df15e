/** The lesson about replication, in words. */
import type { Concept } from '../concept.ts'

export const replicationFactor = {
  name: 'replication-factor',
  title: 'Replication factor',
  aliases: ['replication', 'replicas', 'replica'],
  line: {
    layman: 'copies of each letter in other offices; in the kitchen, carbon copies next door',
    engineer: 'how many brokers keep a copy of each partition'
  },
  problem: {
    layman:
      'A pipe bursts and the building closes. The tickets in its cabinet may survive, but nobody can read them tonight, and the guests are waiting.',
    engineer:
      'A broker is down. What its disk holds may survive, but nobody can read it now, and the clients are waiting.'
  },
  postOffice:
    'Replication is like making copies of each letter and storing them in different post offices, so nothing is lost if one office closes.',
  kitchen:
    'Replication is a carbon copy of every ticket in other buildings. One building runs the rail, the others copy along. When it closes, one of them runs the rail at once, with the same tickets under the same numbers.',
  definition:
    'Replication factor determines how many copies of each partition are kept across brokers. This ensures data durability and availability. One replica leads, the others follow; those that keep up are the in-sync replicas, and with acks=all a record is acknowledged when all of them have it. When the leader fails, an in-sync replica leads.',
  steps: {
    copies: {
      layman: 'How many copies are kept, and in which buildings? And can one building keep two?',
      engineer:
        'Make a topic with as many replicas as brokers (three at most), and ask for one more replica than there are brokers.'
    },
    write: {
      layman: 'An order is hung up, and we wait until it is safe.',
      engineer: 'Produce a record with acks=all.'
    },
    stop: {
      layman: 'The building that runs the rail closes without a warning.',
      engineer: 'The leader ends at once, as kill -9 ends it: on a cluster of yours by your hand.'
    },
    'without-it': {
      layman: 'Can we still read the order, and hang up another one?',
      engineer: 'Read the record, and produce another one, while that broker is down.'
    },
    start: {
      layman: 'The building opens again.',
      engineer: 'The broker starts again on its directory.'
    }
  },
  claims: {
    'copies-lie-apart': {
      layman: 'Every copy is in a building of its own.',
      engineer: 'The replicas of the partition are on different brokers, as many as asked for, and all are in sync.',
      otherwise: {
        layman: 'The copies are not in as many different buildings as were asked for.',
        engineer: 'The replicas are not on as many different brokers as asked for.'
      }
    },
    'one-broker-one-copy': {
      layman: 'Two copies in one building would be no help, so nobody makes them.',
      engineer: 'More replicas than brokers are refused: INVALID_REPLICATION_FACTOR (38).',
      otherwise: {
        layman: 'More copies than buildings were promised.',
        engineer: 'The broker did not refuse more replicas than there are brokers.'
      }
    },
    'another-leads': {
      layman: 'Another building runs the rail now.',
      engineer: 'Another in-sync replica became the leader.',
      otherwise: {
        layman: 'No other building runs the rail.',
        engineer: 'No other replica became the leader.'
      },
      on: 'several brokers'
    },
    'in-sync-shrinks': {
      layman: 'The closed building is off the list of those that have the newest tickets.',
      engineer: 'The in-sync set no longer has the stopped broker; the list of replicas still does.',
      otherwise: {
        layman: 'The closed building is still on the list of those that have the newest tickets.',
        engineer: 'The in-sync set still has the stopped broker.'
      },
      on: 'several brokers'
    },
    'still-read': {
      layman: 'The order is there, under the same number, read from its carbon copy.',
      engineer: 'The acknowledged record was read from the new leader, at the same offset.',
      otherwise: {
        layman: 'The order could not be read from a carbon copy.',
        engineer: 'The acknowledged record could not be read from the new leader.'
      },
      on: 'several brokers'
    },
    'still-written': {
      layman: 'And new orders are taken as before.',
      engineer: 'A produce with acks=all was acknowledged: enough replicas are in sync for min.insync.replicas.',
      otherwise: {
        layman: 'New orders were refused although enough buildings keep copies.',
        engineer: 'A produce with acks=all failed although enough replicas are in sync.'
      },
      on: 'several brokers'
    },
    'refused-below-the-minimum': {
      layman: 'New orders are refused: too few buildings would have a copy, and the house rule forbids that.',
      engineer:
        'A produce with acks=all was refused, because fewer replicas are in sync than min.insync.replicas asks for.',
      otherwise: {
        layman: 'New orders were taken although too few buildings would have a copy.',
        engineer: 'A produce with acks=all was taken with fewer replicas in sync than min.insync.replicas asks for.'
      },
      on: 'a cluster with too few brokers for its min.insync.replicas'
    },
    'in-sync-grows': {
      layman: 'The building copied what it had missed, and is on the list again.',
      engineer: 'The broker fetched what it had missed and is back in the in-sync set.',
      otherwise: {
        layman: 'The building did not come back on the list.',
        engineer: 'The broker did not come back into the in-sync set.'
      },
      on: 'several brokers'
    },
    'nobody-answers': {
      layman: 'Nobody can read the order while the only building that has it is closed.',
      engineer:
        'One replica: while its broker is down the partition cannot be reached. Replication would have another broker lead by now.',
      otherwise: {
        layman: 'The order could be read although the only building that has it was closed.',
        engineer: 'The partition could be read although its only broker was down.'
      },
      on: 'a cluster of one broker'
    },
    'back-after-the-restart': {
      layman: 'The order is there again, under the same number: the building was closed, its cabinet was not lost.',
      engineer:
        'The acknowledged record survived on the disk of its broker. It was safe, but not available; that is what more replicas are for.',
      otherwise: {
        layman: 'The order was not there when the building had opened again.',
        engineer: 'The acknowledged record was not there after the restart.'
      },
      on: 'a cluster of one broker'
    }
  },
  question: {
    layman: {
      ask: {
        text: 'How many copies of a ticket can be kept here at most, with {buildings}? Your answer asks for so many, and then for one more.'
      },
      hints: [
        { text: 'Two copies in the same building are never made.' },
        { text: 'As many as there are buildings, and no more.' }
      ]
    },
    engineer: {
      ask: {
        text: 'How many copies of a partition can be kept here at most, on {brokers}? Your answer makes a topic with so many, and tries one more.'
      },
      hints: [
        { text: 'Two copies on the same broker are never made.' },
        { text: 'As many as there are brokers, and no more.' }
      ]
    }
  }
} as const satisfies Concept
