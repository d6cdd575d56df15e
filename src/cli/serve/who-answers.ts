/** What listens at the ports that `serve` wanted, and which are free: loaded only when it found one taken. */
import { connect } from 'node:net'

/** On this machine a broker answers within milliseconds; whoever waits for an error message waits no longer. */
const patienceMs = 300

const correlationId = 1
/** ApiVersions v0, which every broker answers: length, key 18, version 0, correlation id, no client id. */
const question = Buffer.from([0, 0, 0, 10, 0, 18, 0, 0, 0, 0, 0, correlationId, 255, 255])
/** Length, correlation id, error code. */
const answerBytes = 10

/** The first of so many ports from `port` on where a Kafka broker answers. */
export async function kafkaAmong(host: string, port: number, count: number): Promise<number | undefined> {
  for (let one = port; one < port + count; one++) if (await isKafkaAt(host, one)) return one
  return undefined
}

/** The lowest port after `port` from which on so many are free: those of a cluster follow one another, and all may be taken. */
export async function freePortsAfter(host: string, port: number, count: number): Promise<number> {
  let first = port + 1
  for (let one = first; one < first + count && one < port + portsTried; one++)
    if (await somebodyListensAt(host, one)) first = one + 1
  return first
}

const portsTried = 100

function somebodyListensAt(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port })
    const end = (listens: boolean): void => {
      socket.destroy()
      resolve(listens)
    }
    socket.setTimeout(patienceMs, () => end(true))
    socket.on('connect', () => end(true))
    socket.on('error', () => end(false))
  })
}

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
