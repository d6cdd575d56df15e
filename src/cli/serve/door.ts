/** The door of a process that serves several brokers: other commands of this user stop and start them one by one. */
import { rmSync } from 'node:fs'
import { createServer, type Server, type Socket } from 'node:net'
import type { Kafka } from '../../index.ts'
import { doorOf, makeDoorDirectory } from '../brokers/door/place.ts'
import { type DoorAnswer, type DoorRequest, parseRequest, type ServedBroker } from '../brokers/door/requests.ts'
import { parseAddress } from '../global-options.ts'

/** What is asked is much shorter. */
const requestCharactersMax = 4096

/** One for the port of each broker. Rejects when there can be none. Returns what closes them. */
export async function openDoor(kafka: Kafka, ports: readonly number[]): Promise<() => void> {
  makeDoorDirectory()
  const doors: Server[] = []
  const close = (): void => {
    for (const door of doors) door.close()
  }
  try {
    for (const port of ports) doors.push(await listen(doorOf(port), (socket) => receive(socket, kafka)))
    return close
  } catch (error) {
    close()
    throw error
  }
}

function listen(path: string, onConnection: (socket: Socket) => void): Promise<Server> {
  // Who has the port has its door: what is there was left by one that was killed.
  if (process.platform !== 'win32') rmSync(path, { force: true })
  return new Promise((resolve, reject) => {
    const server = createServer({ allowHalfOpen: true }, onConnection)
    server.once('error', reject)
    server.listen(path, () => resolve(server))
  })
}

function receive(socket: Socket, kafka: Kafka): void {
  let text = ''
  socket.setEncoding('utf8')
  // Who asks may go away before the answer; what was asked is done all the same.
  socket.on('error', () => {})
  socket.on('data', (piece: string) => {
    text += piece
    if (text.length > requestCharactersMax) socket.destroy()
  })
  socket.once('end', () => {
    const request = parseRequest(text)
    if (request === undefined) socket.destroy()
    else void answerTo(kafka, request).then((answer) => socket.end(JSON.stringify(answer)))
  })
}

/** Does what is asked. */
export async function answerTo(kafka: Kafka, { at, deed }: DoorRequest): Promise<DoorAnswer> {
  if (!isMeant(at, kafka.brokers)) return { kind: 'elsewhere' }
  if (deed === null) return { kind: 'done', brokers: brokersOf(kafka) }
  if (!brokersOf(kafka).some(({ id }) => id === deed.broker))
    return { kind: 'no such broker', brokers: brokersOf(kafka) }
  try {
    await kafka.broker(deed.broker)[deed.what]()
    return { kind: 'done', brokers: brokersOf(kafka) }
  } catch (error) {
    return { kind: 'failed', message: error instanceof Error ? error.message : String(error) }
  }
}

/** The same port of another machine has nothing to do with these brokers. */
export function isMeant(at: string, brokers: readonly string[]): boolean {
  const { host, port } = parseAddress(at)
  const isHere = host === 'localhost' || host === '::1' || /^127(\.\d+){3}$/.test(host)
  return isHere || brokers.map(parseAddress).some((broker) => broker.host === host && broker.port === port)
}

function brokersOf(kafka: Kafka): ServedBroker[] {
  return kafka.brokers.map((_, index) => {
    const { id, address, rack, isRunning } = kafka.broker(index + 1)
    return { id, address, rack, isRunning }
  })
}
