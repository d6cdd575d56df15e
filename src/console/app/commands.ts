/** The same thing from a terminal or from a program: what a page does is never a secret. */

export interface Lines {
  readonly odradek: string
  readonly apache: string
  readonly kafkajs: string
  readonly platformatic: string
}

function word(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`
}

const quoted = (text: string): string => JSON.stringify(text)

export function toListTopics(bootstrap: string): Lines {
  return {
    odradek: `odradek topics list -b ${bootstrap}`,
    apache: `kafka-topics.sh --bootstrap-server ${bootstrap} --list`,
    kafkajs: `const admin = kafka.admin()\nawait admin.connect()\nconsole.log(await admin.listTopics())`,
    platformatic: `const admin = new Admin({ clientId: 'my-app', bootstrapBrokers: [${quoted(bootstrap)}] })\nconsole.log(await admin.listTopics())`
  }
}

export function toCreateTopic(bootstrap: string, topic: string, partitions: number): Lines {
  return {
    odradek: `odradek topics create ${word(topic)} -p ${partitions} -b ${bootstrap}`,
    apache: `kafka-topics.sh --bootstrap-server ${bootstrap} --create --topic ${word(topic)} --partitions ${partitions}`,
    kafkajs: `await kafka.admin().createTopics({\n  topics: [{ topic: ${quoted(topic)}, numPartitions: ${partitions} }]\n})`,
    platformatic: `await admin.createTopics({ topics: [${quoted(topic)}], partitions: ${partitions}, replicas: 1 })`
  }
}

export function toReadTopic(bootstrap: string, topic: string): Lines {
  return {
    odradek: `odradek consume ${word(topic)} -b ${bootstrap}`,
    apache: `kafka-console-consumer.sh --bootstrap-server ${bootstrap} --topic ${word(topic)}`,
    kafkajs: `const consumer = kafka.consumer({ groupId: 'my-group' })\nawait consumer.connect()\nawait consumer.subscribe({ topic: ${quoted(topic)} })\nawait consumer.run({\n  eachMessage: async ({ message }) => console.log(String(message.value))\n})`,
    platformatic: `const stream = await consumer.consume({ topics: [${quoted(topic)}] })\nfor await (const message of stream) console.log(String(message.value))`
  }
}

export function toReadRecord(bootstrap: string, topic: string, partition: number, offset: number): Lines {
  return {
    odradek: `odradek trace ${word(topic)} --offset ${partition}:${offset} -b ${bootstrap}`,
    apache: `kafka-console-consumer.sh --bootstrap-server ${bootstrap} --topic ${word(topic)} --partition ${partition} --offset ${offset} --max-messages 1`,
    kafkajs: `consumer.seek({ topic: ${quoted(topic)}, partition: ${partition}, offset: '${offset}' })`,
    platformatic: `await consumer.consume({\n  topics: [${quoted(topic)}],\n  mode: 'manual',\n  offsets: [{ topic: ${quoted(topic)}, partition: ${partition}, offset: ${offset}n }]\n})`
  }
}

export function toProduce(bootstrap: string, topic: string, key: string | null, value: string | null): Lines {
  const ofKey = key === null ? '' : ` -k ${word(key)}`
  const message = [
    ...(key === null ? [] : [`key: ${quoted(key)}`]),
    `value: ${value === null ? 'null' : quoted(value)}`
  ]
  return {
    odradek:
      value === null
        ? `odradek produce ${word(topic)}${ofKey} --null -b ${bootstrap}`
        : `odradek produce ${word(topic)} ${word(value)}${ofKey} -b ${bootstrap}`,
    apache: `echo ${word(`${key === null ? '' : `${key}:`}${value ?? ''}`)} | kafka-console-producer.sh --bootstrap-server ${bootstrap} --topic ${word(topic)}${key === null ? '' : ' --property parse.key=true --property key.separator=:'}`,
    kafkajs: `await producer.send({\n  topic: ${quoted(topic)},\n  messages: [{ ${message.join(', ')} }]\n})`,
    platformatic: `await producer.send({ messages: [{ topic: ${quoted(topic)}, ${message.join(', ')} }] })`
  }
}

export function toDescribeGroup(bootstrap: string, group: string): Lines {
  return {
    odradek: `odradek groups describe ${word(group)} --watch -b ${bootstrap}`,
    apache: `kafka-consumer-groups.sh --bootstrap-server ${bootstrap} --describe --group ${word(group)}`,
    kafkajs: `const admin = kafka.admin()\nconsole.log(await admin.fetchOffsets({ groupId: ${quoted(group)} }))`,
    platformatic: `console.log(await admin.describeGroups({ groups: [${quoted(group)}] }))`
  }
}

export function toListGroups(bootstrap: string): Lines {
  return {
    odradek: `odradek groups list -b ${bootstrap}`,
    apache: `kafka-groups.sh --bootstrap-server ${bootstrap} --list`,
    kafkajs: `console.log(await kafka.admin().listGroups())`,
    platformatic: `console.log(await admin.listGroups())`
  }
}
