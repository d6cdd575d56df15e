/**
 * Damage: what lies on the disk is not what was written, or is gone. A log that is damaged is not opened, or is closed when
 * the damage is found: nothing wrong is served, nothing is skipped. All that is told of damage looks alike: the file, the
 * position, what is wrong there, and what to do.
 */
import { type Disk, DiskError } from '../host/disk.ts'

export interface Damage {
  /** Below the root of the disk. */
  readonly path: string
  /** The byte where it begins; null when it is about the whole file, or about one that is not there. */
  readonly position: number | null
  /** A whole sentence. */
  readonly what: string
  /** A whole sentence, or some. */
  readonly advice: string
}

const untouched = 'The disk has lost or changed what was acknowledged; no file was touched.'

const restorePartition =
  'Restore the directory of this partition from a backup while the broker is stopped, and remove ' +
  'recovery-point-offset-checkpoint when it ends earlier there'

/** For a file of a log, or its directory: without a backup it depends on what the log holds. */
export function restoreAdvice(path: string): string {
  return `${untouched} ${withoutIt(path)}`
}

function withoutIt(path: string): string {
  if (path.startsWith('__cluster_metadata-'))
    return (
      'Which topics there are stands there: restore the whole data directory from a backup, or choose an empty one. Where ' +
      'a backup of this log alone is all there is, put it there and remove recovery-point-offset-checkpoint: the cluster goes on ' +
      'with the topics that it knows, and sets others aside.'
    )
  if (path.startsWith('__consumer_offsets-')) {
    const without = 'or delete the topic __consumer_offsets, with which all groups lose the offsets they have committed'
    return `${restorePartition}; ${without}.`
  }
  return `${restorePartition}; or delete the topic to go on without its records.`
}

/** For what was there until now. */
export function movedAdvice(path: string): string {
  return `If it was moved, stop the broker and put it back: what was acknowledged is in it. Without it: ${withoutIt(path)}`
}

export class DamageError extends DiskError {
  constructor(disk: Pick<Disk, 'location'>, damage: Damage) {
    super('damaged', damage.path, damageMessage(disk, damage))
  }
}

/** One line for whoever runs the broker. */
export function damageMessage({ location }: Pick<Disk, 'location'>, { path, position, what, advice }: Damage): string {
  const where = position === null ? '' : ` at byte ${position}`
  return `${location}/${path} is damaged${where}: ${what} ${advice}`
}
