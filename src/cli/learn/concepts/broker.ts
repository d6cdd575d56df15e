/** The lesson about brokers, in words. */
import type { Concept } from '../concept.ts'

export const broker = {
  name: 'broker',
  title: 'Broker',
  aliases: ['brokers'],
  line: {
    layman: 'a branch of the post office; in the kitchen, the building where the rails hang',
    engineer: 'a server that stores partitions on its disk and answers for those it leads'
  },
  problem: {
    layman:
      'A ticket on a scrap of paper is gone with the next gust. Somebody has to keep the tickets, hand them to whoever asks, and still have them after closing time.',
    engineer:
      'A message that lives in the memory of its sender is gone with him. Somebody has to keep it, hand it to whoever asks, and still have it after a restart.'
  },
  postOffice: 'A broker is like a post office branch that stores and manages mailboxes (topics).',
  kitchen:
    'A broker is a building with order rails in it. It takes tickets, keeps them in its cabinet in the order they came, and shows them to any cook who asks. A chain has several buildings, and each rail is run by one of them.',
  definition:
    'A broker is a Kafka server that stores data and serves client requests. Kafka clusters have multiple brokers for scalability and fault tolerance. Every partition has one leader among them, which takes all writes; the log of a partition is files in a directory of the broker.',
  steps: {
    'who-is-there': {
      layman: 'Which buildings are there, and which rail hangs in which?',
      engineer:
        'Make a topic with three partitions, and ask for its metadata: the brokers, and the leader of each partition.'
    },
    'what-it-holds': {
      layman: 'We hang up thirty tickets and look into the cabinets.',
      engineer: 'Produce thirty records, and ask every broker with DescribeLogDirs for the size of its logs.'
    },
    files: {
      layman: 'We open the cabinet and look for one ticket by hand.',
      engineer: "List the broker's directory, and look for the bytes of a record in the log file.",
      on: 'the embedded broker'
    },
    'ask-the-leader': {
      layman: 'We ask at every building how far each rail goes.',
      engineer: 'Ask the leader of each partition for its end offset (ListOffsets), and every other broker too.'
    },
    restart: {
      layman: 'The building closes for the night and opens again.',
      engineer: 'Stop the broker, start it again on the same directory, and read everything once more.',
      on: 'the embedded broker'
    }
  },
  claims: {
    'one-leader-each': {
      layman: 'Every rail is run by exactly one building.',
      engineer: 'Every partition has exactly one leader, and it is one of the brokers.',
      otherwise: {
        layman: 'Not every rail was run by one of the buildings.',
        engineer: 'Not every partition had a leader among the brokers.'
      }
    },
    'holds-the-records': {
      layman: 'The tickets are in the cabinets: every rail takes up room in the building that runs it.',
      engineer:
        'Each leader keeps a log for each of its partitions, and those that got records take up bytes on its disk.',
      otherwise: {
        layman: 'Not every rail was found in the cabinet of the building that runs it.',
        engineer: 'The brokers did not show logs for all partitions where their leaders are.'
      }
    },
    'record-is-in-the-file': {
      layman: 'There it is: the ticket lies in the cabinet, word for word.',
      engineer: "The record's value stands in the partition's .log file, byte for byte as it was sent.",
      otherwise: {
        layman: 'The ticket was not found in the cabinet.',
        engineer: "The record's bytes were not found in the partition's file."
      },
      on: 'the embedded broker'
    },
    'leader-answers': {
      layman: 'The building that runs a rail knows how far it goes, and together that is every ticket.',
      engineer: 'Each leader answered with the end offset of its partitions; they add up to the records sent.',
      otherwise: {
        layman: 'What the buildings say of their rails does not add up to the tickets that were hung up.',
        engineer: 'The end offsets of the leaders do not add up to what was sent.'
      }
    },
    'others-refuse': {
      layman: 'The other buildings do not guess: they say that this is not their rail.',
      engineer: 'Every broker that does not lead a partition refused with NOT_LEADER_OR_FOLLOWER (6).',
      otherwise: {
        layman: 'A building spoke for a rail that another one runs.',
        engineer: 'A broker answered for a partition that it does not lead.'
      },
      on: 'several brokers'
    },
    'survives-a-restart': {
      layman: 'In the morning every ticket hangs where it hung in the evening.',
      engineer: 'The same records at the same offsets before and after: the log on disk is the state.',
      otherwise: {
        layman: 'In the morning the tickets were not those of the evening.',
        engineer: 'After the restart the broker did not return the same records.'
      },
      on: 'the embedded broker'
    }
  },
  question: {
    layman: {
      ask: { text: 'Which building runs rail 2? Its number, please. Your answer is held against what the house says.' },
      hints: [
        { text: 'The first step showed it, rail by rail.' },
        { text: 'The buildings here have the numbers {nodes}.' }
      ]
    },
    engineer: {
      ask: {
        text: 'Which broker leads partition 2 of {topic}? Its number, please. In another terminal this shows it:',
        command: 'npx odradek topics describe {topic}{where}'
      },
      hints: [
        { text: 'Look at the column LEADER, in the line of partition 2.' },
        { text: 'The brokers here have the numbers {nodes}.' }
      ]
    }
  }
} as const satisfies Concept
