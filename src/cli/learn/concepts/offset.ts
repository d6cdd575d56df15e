/** The lesson about offsets, in words. */
import type { Concept } from '../concept.ts'

export const offset = {
  name: 'offset',
  title: 'Offset',
  aliases: ['offsets'],
  line: {
    layman: 'a bookmark; in the kitchen, the number of the next ticket to cook',
    engineer: 'the position of a record in its partition; a group commits where to go on'
  },
  problem: {
    layman:
      'The cook went home in the middle of the evening. Whoever comes next must know which ticket is the next one: neither cook the first ten again, nor leave any out.',
    engineer:
      'A consumer stopped in the middle. Whoever goes on must know which record is next: neither process the first ones again, nor leave any out.'
  },
  postOffice: 'Offset is like a bookmark showing which letters have already been read.',
  kitchen:
    'Every ticket on a rail has a number: 0, 1, 2, and so on. The crew writes on the board which number comes next. Whoever takes over reads the board and goes on there; who wants to see an old evening again wipes it and writes 0.',
  definition:
    'Each message in a partition has a unique offset. Consumers use offsets to keep track of their position in the stream. A committed offset is the offset of the next record to read, one more than the last one processed; it belongs to a group and is kept by the broker. Without one, auto.offset.reset decides where a group begins.',
  steps: {
    commit: {
      layman: 'A crew cooks the first four of ten tickets, writes on the board, and goes home.',
      engineer: 'A consumer of a group reads four of ten records, commits, and leaves.'
    },
    'go-on': {
      layman: 'The next day a crew of the same name comes in.',
      engineer: 'Another consumer of the same group starts.'
    },
    'no-commit': {
      layman: 'A crew that never writes on the board cooks four tickets, goes home, and comes back.',
      engineer: 'A group reads four records without committing, stops, and starts again.'
    },
    reset: {
      layman: 'Someone writes 0 on the board.',
      engineer: 'Reset the committed offset to the earliest, and start the group once more.'
    },
    'broker-restart': {
      layman: 'The whole building closes and opens again. Is the board still there?',
      engineer: 'Stop the broker and start it again on its directory; then ask for the committed offset.',
      on: 'the embedded broker'
    }
  },
  claims: {
    'the-next-one-is-committed': {
      layman: 'The board names the next ticket, not the last one cooked.',
      engineer: 'The committed offset is one more than the offset of the last record read.',
      otherwise: {
        layman: 'The board does not name the ticket after the last one cooked.',
        engineer: 'The committed offset is not one more than the last record read.'
      }
    },
    'goes-on-there': {
      layman: 'They went on exactly where the board said: nothing twice, nothing left out.',
      engineer: 'The group went on at the committed offset; both reads together are every record once.',
      otherwise: {
        layman: 'They did not go on where the board said.',
        engineer: 'The group did not go on at its committed offset.'
      }
    },
    'without-commit-again': {
      layman: 'Without a mark on the board they began again at the first ticket.',
      engineer: 'Nothing was committed, so the group began at the start again and read the same records.',
      otherwise: {
        layman: 'A crew that had written nothing on the board did not begin at the first ticket again.',
        engineer: 'A group that had committed nothing did not begin at the start again.'
      }
    },
    'reset-reads-again': {
      layman: 'They cooked everything again from ticket 0: the tickets had been there all the time.',
      engineer: 'After the reset the group read every record again.',
      otherwise: {
        layman: 'They did not cook everything again, although the board said 0.',
        engineer: 'After the reset the group did not read every record again.'
      }
    },
    'survives-the-broker': {
      layman: 'The board had the same number in the morning.',
      engineer: 'The committed offset was the same after the restart: it is a record in __consumer_offsets.',
      otherwise: {
        layman: 'In the morning the board had another number.',
        engineer: 'After the restart the committed offset was another one.'
      },
      on: 'the embedded broker'
    }
  },
  question: {
    layman: {
      ask: {
        text: 'A new crew begins at ticket 0, cooks {count} tickets, writes on the board, and goes home. Which number stands on the board? Your answer lets them cook, and then the board is read.'
      },
      hints: [
        { text: 'The first ticket has the number 0, so the last one cooked has the number {last}.' },
        { text: 'The board names the ticket to go on with: the one after {last}.' }
      ]
    },
    engineer: {
      ask: {
        text: 'A new group reads {topic} from its start, takes {count} records, commits, and stops. What will its committed offset be? Your answer lets it read, and then the broker is asked.'
      },
      hints: [
        { text: 'The first record has the offset 0, so the last one read has the offset {last}.' },
        { text: 'What is committed is where to go on: one more than {last}.' }
      ]
    }
  }
} as const satisfies Concept
