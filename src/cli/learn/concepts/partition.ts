/** The lesson about partitions, in words. */
import type { Concept } from '../concept.ts'

export const partition = {
  name: 'partition',
  title: 'Partition',
  aliases: ['partitions'],
  line: {
    layman: 'a slot of the mailbox; in the kitchen, one rail for each line of cooks',
    engineer: 'an ordered part of a topic; the hash of the key chooses it'
  },
  problem: {
    layman:
      'One rail, and twenty cooks in front of it: they stand in each other\'s way. With twenty rails they do not, but then the ticket "paid" must not overtake the ticket "placed" of the same order.',
    engineer:
      'One log is read by one consumer at a time, which is too slow. Several logs can be read side by side, but the events of one order must stay in their order.'
  },
  postOffice: 'Partitions are like separate slots in a mailbox, allowing mail to be sorted and accessed faster.',
  kitchen:
    'Partitions are several rails instead of one, one for each kitchen line. The order number decides which rail a ticket goes to, always the same way, so all tickets of one order hang on one rail, in the order they came.',
  definition:
    'Each topic is split into partitions. Partitions allow Kafka to scale horizontally and enable parallel processing. Each partition is an ordered, immutable sequence of messages. The producer chooses: the Java client, kafkajs and this command line take murmur2(key), made positive, modulo the number of partitions; librdkafka and what is built on it take CRC-32 unless told otherwise. Order holds within a partition, not across.',
  steps: {
    arithmetic: {
      layman: 'The house has a rule that tells the rail of an order number. We ask it, and ask again.',
      engineer: "Kafka's murmur2 of two keys, step by step, in 32 bits."
    },
    'where-they-are': {
      layman: 'Twelve orders and the guest alice: we ask the rule first, then hang them up, then look for them.',
      engineer: 'Compute the partition of thirteen keys, produce them, and read where the broker has each.'
    },
    order: {
      layman: 'Three orders are placed, paid, cooked and delivered, all mixed together.',
      engineer: 'Produce events of three orders interleaved, then read the topic and compare the order.'
    }
  },
  claims: {
    'the-key-decides': {
      layman: 'Every ticket hangs on the rail that the rule had told.',
      engineer: 'For every key, the computed partition is the one in which the broker has the record.',
      otherwise: {
        layman: 'A ticket hangs on another rail than the rule had told.',
        engineer: 'A record lies in another partition than its key computes to.'
      }
    },
    'order-within': {
      layman:
        'On each rail the tickets hang in the order they were hung up, so every order is placed before it is paid.',
      engineer: 'Within each partition the offsets follow the order of sending.',
      otherwise: {
        layman: 'On a rail the tickets do not hang in the order they were hung up.',
        engineer: 'Within a partition the records do not lie in the order they were sent.'
      }
    },
    'no-order-across': {
      layman: 'Across the rails nobody keeps that order: who reads them all sees it differently.',
      engineer:
        'Reading the whole topic did not return the order of sending; nothing orders one partition against another.',
      otherwise: {
        layman: 'This time the tickets of all rails together were in the order they were hung up; that is luck.',
        engineer: 'This time the whole topic came back in the order of sending; that is luck, nothing promises it.'
      }
    }
  },
  question: {
    layman: {
      ask: {
        text: 'Order {key} was placed a moment ago, and its ticket hangs on rail {rail}. Now it is paid. Which of the {partitions} rails, 0 to 2, will that ticket hang on? Your answer hangs it up, and then that rail is looked through.'
      },
      hints: [
        { text: 'The order number decides, always the same way.' },
        { text: 'The number is the same on both tickets.' }
      ]
    },
    engineer: {
      ask: {
        text: 'Which of the {partitions} partitions will the key "{key}" go to? Its murmur2 hash, made positive, is {hash}. Your answer sends the record, and then that partition is looked through.'
      },
      hints: [
        { text: 'Divide {hash} by {partitions}. What is left over is the number of the partition.' },
        { text: 'Let another terminal divide.', command: "node -p '{hash} % {partitions}'" }
      ]
    }
  }
} as const satisfies Concept
