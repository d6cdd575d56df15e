/**
 * `odradek serve`: starts a broker in this process.
 */
import type { CommandDefinition } from '../command.ts'

/** In a clone and in the package. */
export const listOfSettings = 'docs/reference/broker-settings.md'

export const serve: CommandDefinition = {
  name: 'serve',
  summary: 'start a broker here',
  notes: `Ctrl-C stops it cleanly; the data stays. A second Ctrl-C ends it at once.
On a pipe, one JSON line tells when it is ready:
  {"event":"ready","brokers":["localhost:9092"],"directory":"…"}
Of several brokers "odradek brokers stop | start | kill N" ends and begins one, from
another terminal of the same user.
The settings (-c) are listed in ${listOfSettings} of the package;
what a broker that runs is set to shows "odradek brokers describe 1 --all-configs".`,
  options: [
    { flags: '-p, --port <port>', description: 'where to listen; 0 for any free one', default: '9092' },
    {
      flags: '--brokers <n>',
      description: 'how many, on the ports from --port on; records are then kept on up to three of them',
      default: '1'
    },
    { flags: '--racks <name,...>', description: "where each of several brokers stands (Kafka's broker.rack)" },
    { flags: '--host <host>', description: 'the interface to listen on', default: 'localhost' },
    {
      flags: '--advertise <host:port>',
      description: 'the address clients are told, if it is another than the one listened on'
    },
    {
      flags: '-d, --data <directory>',
      description: 'where the data lies',
      otherwise: './odradek-data',
      synonyms: { '--dir': ['--data'] }
    },
    { flags: '--memory', description: 'keep everything in memory; nothing stays' },
    {
      flags: '--durability <when>',
      description: 'disk: acks=all survives a power cut; os: the operating system decides, as with Kafka',
      choices: ['disk', 'os'],
      default: 'disk'
    },
    { flags: '-t, --topic <name[:partitions]>', description: 'create this topic if it is not there', repeatable: true },
    { flags: '-c, --config <name=value>', description: "a broker setting, by Kafka's name", repeatable: true },
    {
      flags: '--server-properties',
      description: 'start nothing: print the server.properties with which Apache Kafka serves this directory'
    },
    {
      flags: '--auto-create',
      description: 'create topics on first use, as without it; -c auto.create.topics.enable=false ends that'
    }
  ],
  examples: [
    ['odradek serve', 'on localhost:9092, data in ./odradek-data'],
    ['odradek serve --memory --topic orders:3', 'nothing on disk, one topic to begin with'],
    ['odradek serve --brokers 3', 'a cluster: localhost:9092, 9093 and 9094, each record on all three'],
    ['odradek serve --host 0.0.0.0 --advertise host.docker.internal:9092', 'for clients in containers'],
    ['odradek serve --server-properties > server.properties', 'the move to Apache Kafka, on the same files']
  ],
  async run(invocation) {
    const { runServe } = await import('./run.ts')
    return await runServe(invocation)
  }
}
