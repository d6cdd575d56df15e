/** Whether what listens at an address is a Kafka broker: loaded only when `serve` found its port taken. */
import { connect } from 'node:net'

/** On this machine a broker answers within milliseconds; whoever waits for an error message waits no longer. */
const patienceMs = 300

const correlationId = 1
/** ApiVersions v0, which every broker answers: length, key 18, version 0, correlation id, no client id. */
const question = Buffer.from([0, 0, 0, 10, 0, 18, 0, 0, 0, 0, 0, correlationId, 255, 255])
/** Length, correlation id, error code. */
const answerBytes = 10

export function isKafkaAt(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port })
    let answer = Buffer.alloc(0)
    const end = (isKafka: boolean): void => {
      clearTimeout(timer)
      socket.destroy()
      resolve(isKafka)
    }
    const timer = setTimeout(() => end(false), patienceMs)
    socket.on('connect', () => socket.write(question))
    socket.on('error', () => end(false))
    socket.on('close', () => end(false))
    socket.on('data', (chunk: Buffer) => {
      answer = Buffer.concat([answer, chunk])
      if (answer.length >= answerBytes) end(answer.readInt32BE(4) === correlationId && answer.readInt16BE(8) === 0)
    })
  })
}
