/** Every client of the suites, in the order of the reports. */
import type { Client } from './client.ts'
import { confluentPython } from './confluent-python.ts'
import { javaConsole } from './java-console.ts'
import { javaVerifiable } from './java-verifiable.ts'
import { kafkajs } from './kafkajs.ts'
import { kcat } from './kcat.ts'
import { platformatic } from './platformatic.ts'

export const clients: readonly Client[] = [kcat, kafkajs, platformatic, confluentPython, javaConsole, javaVerifiable]
