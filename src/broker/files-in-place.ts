/**
 * Looks, some at a time and round by round, whether the files of the logs are where they were made: a partition's directory that somebody
 * removes or moves by hand takes with it what is acknowledged afterwards. A log that is written to is looked for by each of its syncs
 * as well, before anybody hears that a record is safe; here those are found that nobody writes to. (Kafka notices when it makes the next
 * file in a directory, and takes all of the log directory offline.)
 */
import { DiskError } from '../host/disk.ts'
import { limits } from '../limits.ts'
import { DamageError } from '../log/damage.ts'
import type { Replica } from './replication/replica.ts'

interface Looked {
  /** Those that serve. */
  replicas(): Iterable<Replica>
  /** Whose log holds what the cluster knows, where it is kept here. */
  metadata(): Replica | null
}

export class FilesInPlace {
  readonly #looked: Looked
  /** The round that is under way. */
  #round: Iterator<void> | null = null

  constructor(looked: Looked) {
    this.#looked = looked
  }

  /** A partition whose files are gone is told, and offline, by its log. Throws DiskError 'gone' where there is nothing to go on with. */
  look(): void {
    this.#lookForMetadata()
    this.#round ??= this.#all()
    for (let count = 0; count < limits.filesLookedFor; count++) {
      if (this.#round.next().done !== true) continue
      this.#round = null
      return
    }
  }

  *#all(): Iterator<void> {
    for (const { log } of this.#looked.replicas()) {
      try {
        yield* log.look()
      } catch (error) {
        if (!(error instanceof DiskError) || error.problem === 'gone') throw error
        yield
      }
    }
  }

  #lookForMetadata(): void {
    try {
      for (const _ of this.#looked.metadata()?.log.look() ?? []);
    } catch (error) {
      throw error instanceof DamageError ? new DiskError('gone', error.path, error.message, error) : error
    }
  }
}
