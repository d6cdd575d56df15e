/** The option `--brokers` of the commands that start a broker. */
import { limits } from '../../limits.ts'
import { wrongUsage } from '../cli-error.ts'

export function parseBrokerCount(text: string): number {
  const most = limits.brokersPerProcess
  const count = /^[1-9]\d*$/.test(text) ? Number(text) : 0
  if (count >= 1 && count <= most) return count
  throw wrongUsage(`"${text}" is not a number of brokers`, `it is a whole number from 1 to ${most}`)
}
