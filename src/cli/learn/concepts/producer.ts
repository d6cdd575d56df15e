/** The lesson about producers, in words. */
import type { Concept } from '../concept.ts'

export const producer = {
  name: 'producer',
  title: 'Producer',
  aliases: ['producers'],
  line: {
    layman: 'whoever sends a letter; in the kitchen, the waiter who hangs up tickets',
    engineer: 'a client that appends records to a topic and is told where they lie'
  },
  problem: {
    layman:
      'The guest has ordered, the waiter has called it into the kitchen, and nobody answered. Was it heard? If he calls again, will there be two soups?',
    engineer: 'A request was sent, and no answer came. Was it carried out? Sent again, will it be carried out twice?'
  },
  postOffice: 'A producer is someone who sends a letter (message) to a mailbox (topic).',
  kitchen:
    'A producer is a waiter who hangs tickets on a rail. He can wait for the nod that says where the ticket hangs, he can carry a whole handful at once, and when the nod was lost in the noise he can show the same ticket again without a second soup.',
  definition:
    'Producers are applications that publish (write) messages to Kafka topics. They can send data to specific topics and partitions. With acks=all the acknowledgement comes when all in-sync replicas have the record; it names the partition and the offset. An idempotent producer numbers its batches, so a repeated one is stored once.',
  steps: {
    acks: {
      layman: 'Three waiters: one waits until the ticket is safe, one until it hangs, one does not wait at all.',
      engineer: 'Produce with acks=all, acks=1 and acks=0, and look at what comes back.'
    },
    batch: {
      layman: 'Twelve tickets carried one by one, then twelve in one hand.',
      engineer: 'Twelve produce requests with a record each, then one with twelve; then count the batches in the log.'
    },
    retry: {
      layman: 'The nod is lost in the noise. The waiter shows the very same ticket again.',
      engineer:
        'Send one batch twice, as a client does that got no answer: with the same producer id and sequence number, then without any.'
    }
  },
  claims: {
    'acknowledgement-names-the-place': {
      layman: 'The nod told the place, and the ticket hangs exactly there.',
      engineer: 'Reading the partition at the offset of the acknowledgement returns the record that was sent.',
      otherwise: {
        layman: 'At the place that the nod named another ticket hangs, or none.',
        engineer: 'The acknowledgement named a place where another record lies, or none.'
      }
    },
    'no-acknowledgement-no-place': {
      layman: 'Who does not wait learns nothing: the ticket hangs, but the waiter cannot say where.',
      engineer: 'With acks=0 no offset comes back, although the record was stored.',
      otherwise: {
        layman: 'The waiter who did not wait was told a place, or his ticket does not hang.',
        engineer: 'With acks=0 an offset came back, or the record was not stored.'
      }
    },
    'a-batch-is-lighter': {
      layman: 'One handful instead of twelve walks, and less paper for the same tickets.',
      engineer: 'Twelve records sent alone are twelve batches; sent together they are one, and take fewer bytes each.',
      otherwise: {
        layman: 'The handful did not save walks and paper.',
        engineer: 'The records sent together did not become one smaller batch.'
      }
    },
    'a-retry-is-stored-once': {
      layman: 'One soup: the ticket was recognised, and the nod named the same place again.',
      engineer: 'Both requests were acknowledged with the same offset, and the log grew by one record.',
      otherwise: {
        layman: 'The same ticket was not recognised: it was refused, or it hangs twice.',
        engineer: 'The repeated batch was not recognised: it was refused, or stored again.'
      }
    },
    'a-plain-retry-is-stored-twice': {
      layman: 'A ticket without a number on it is cooked twice.',
      engineer: 'Without a producer id the broker cannot tell a repetition from a new record: the log grew by two.',
      otherwise: {
        layman: 'The ticket without a number did not hang twice.',
        engineer: 'Without a producer id the log did not grow by two.'
      }
    }
  },
  question: {
    layman: {
      ask: {
        text: 'One more ticket is about to be hung on that last rail, whose tickets are numbered from 0. Which number will the nod name? Your answer hangs it up, and then that place is looked at.'
      },
      hints: [
        {
          text: 'How many tickets hang there from the last step: the one that was recognised, and the two that were not?'
        },
        { text: 'Three tickets have the numbers 0, 1 and 2.' }
      ]
    },
    engineer: {
      ask: {
        text: 'A record is about to be sent to {topic}, which has one partition. Which offset will its acknowledgement name? Your answer sends it, and then that place is looked at.'
      },
      hints: [
        { text: 'Offsets count from 0, and each stored record took one. Count what the last step stored.' },
        {
          text: 'The newest record of all lies at that offset.',
          command: 'npx odradek consume {topic} --tail 1{where}'
        }
      ]
    }
  }
} as const satisfies Concept
