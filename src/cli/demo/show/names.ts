/**
 * The services as sentences name them.
 */
import { counted } from '../../counted.ts'
import type { ServiceName } from '../services.ts'

const subjects: Readonly<Record<ServiceName, { readonly name: string; readonly count: 'one' | 'many' }>> = {
  customers: { name: 'the customers', count: 'many' },
  payments: { name: 'the payments', count: 'many' },
  kitchen: { name: 'the kitchen', count: 'one' },
  notifications: { name: 'the notifications', count: 'many' }
}

/** `the kitchen dies`, `the notifications die`. */
export function subjectAnd(service: ServiceName, verb: 'die' | 'start' | 'are' | 'were'): string {
  const { name, count } = subjects[service]
  const singular = { die: 'dies', start: 'starts', are: 'is', were: 'was' }
  return `${name} ${count === 'one' ? singular[verb] : verb}`
}

export function capital(sentence: string): string {
  return `${sentence.charAt(0).toUpperCase()}${sentence.slice(1)}`
}

export function orders(count: number): string {
  return counted(count, 'order')
}

export function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`
}
