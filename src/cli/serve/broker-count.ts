/** The option `--brokers` of the commands that start a broker. */
import { wrongUsage } from '../cli-error.ts'

export function parseBrokerCount(text: string): number {
  if (/^[1-9]\d{0,2}$/.test(text)) return Number(text)
  throw wrongUsage(`"${text}" is not a number of brokers`, 'one is 1, and a cluster has 3 or more')
}
