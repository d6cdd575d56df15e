/** The lesson about transactions, in words: a card is charged once, whatever happens to the one who charges it. */
import type { Concept } from '../concept.ts'

export const exactlyOnce = {
  name: 'exactly-once',
  title: 'Exactly once',
  aliases: ['transaction', 'transactions', 'txn'],
  line: {
    layman: 'the card is charged once, even if the cashier drops dead with the card in hand',
    engineer: 'a transaction: what is written and how far was read count together, or not at all'
  },
  problem: {
    layman:
      'The cashier takes the order, charges the card, and faints before the order is ticked off. Whoever takes over sees an order that is not ticked off. Is the card charged a second time?',
    engineer:
      'A consumer processes a record, writes what came of it, and dies before it has committed its offset. Whoever takes over processes that record again. How does its outcome not count twice?'
  },
  postOffice:
    'A transaction is like a sealed envelope with the receipt and the tick in it: both are delivered together, or the whole envelope is thrown away.',
  kitchen:
    'The cashier writes the receipt and the tick for the order on one slip with a pencil, and goes over both with ink in one stroke. Who faints before that has left a pencilled slip, and the next one with the same name badge crosses it out. The bank is told by what is in ink alone.',
  definition:
    'A producer with a transactional.id writes to any number of partitions, and commits offsets of a group, in one transaction. Its coordinator ends it with a marker in each partition. Consumers with isolation.level=read_committed are given records of committed transactions only. A producer that begins with the same id fences the one before, whose open transaction is aborted. All this holds for what is written in the cluster; a call to a bank is not undone by an abort. Whoever makes it goes by the committed charge, with a key by which the bank knows it again.',
  steps: {
    twice: {
      layman: 'Without slips: a cashier charges the card and faints. The next one sees the order, and does the same.',
      engineer:
        'Without a transaction: a consumer reads an order, writes a charge, and dies before it commits its offset. Another one takes over.'
    },
    together: {
      layman: 'With slips: a cashier writes the receipt and the tick in pencil, and faints before the ink.',
      engineer:
        'In a transaction: a worker writes the charge, adds its offset to the transaction, and dies before it commits.'
    },
    'takes-over': {
      layman:
        'The next cashier puts on the same name badge, looks at which order is not ticked off, and does it with ink.',
      engineer:
        'Another worker begins with the same transactional id, finds no committed offset, reads the order again, and commits its transaction.'
    }
  },
  claims: {
    'charged-twice': {
      layman: 'The card was charged twice for one order.',
      engineer: 'There are two charges for one order: what was done before the commit was done again.',
      otherwise: {
        layman: 'The card was not charged twice, although nobody knew of the first time.',
        engineer: 'There are not two charges, although nothing was committed in between.'
      }
    },
    'nothing-counts-yet': {
      layman: 'The pencilled receipt counts for nobody: who looks at what is in ink sees no charge, and no tick.',
      engineer:
        'The open transaction counts for nobody who reads committed: no charge is given, and no offset is committed.',
      otherwise: {
        layman: 'A pencilled receipt counted before it was in ink.',
        engineer: 'Something of the open transaction counted before it was committed.'
      }
    },
    'charged-once': {
      layman:
        'One receipt is in ink, by which the bank is told, and the order is ticked off: the card is charged once.',
      engineer: 'Who reads committed is given one charge, and the committed offset is behind the order.',
      otherwise: {
        layman: 'There is not exactly one receipt in ink, or the order is not ticked off.',
        engineer: 'Who reads committed is not given exactly one charge, or the offset is not committed.'
      }
    },
    'who-does-not-ask-sees-both': {
      layman: 'The pencilled receipt is still in the drawer: who looks at everything sees both.',
      engineer: 'What was aborted is still in the log: a consumer with read_uncommitted, the default, is given both.',
      otherwise: {
        layman: 'Who looks at everything does not see both receipts.',
        engineer: 'A consumer with read_uncommitted is not given both.'
      }
    }
  },
  question: {
    layman: {
      ask: {
        text: 'A third cashier with the same name badge charges a card for another order in pencil, and faints too. How many charges does somebody see now who looks at what is in ink? Your answer lets it happen, and then the drawer is looked into.'
      },
      hints: [
        { text: 'Only what is in ink counts, and the third cashier had no time for ink.' },
        { text: 'There was {count} before, and nothing was added in ink.' }
      ]
    },
    engineer: {
      ask: {
        text: 'A third worker begins with the same transactional id, writes another charge to {topic}, and dies before it commits. How many charges is a consumer with read_committed given? Your answer lets it happen, and then the broker is asked.'
      },
      hints: [
        { text: 'Records of an open transaction are given to nobody who reads committed.' },
        { text: 'It was {count} before; the third transaction is open.' }
      ]
    }
  }
} as const satisfies Concept
