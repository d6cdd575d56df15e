/** What the members of one coordinator's groups say of themselves, in bytes, group by group: bounded, because anybody may say much. */
import { limits } from '../../limits.ts'

export class SaidBytes {
  readonly #byGroup = new Map<string, number>()
  #sum = 0

  /** So much more may members say. */
  get room(): number {
    return limits.memberBytesPerCoordinator - this.#sum
  }

  /** What the members of this group say now; 0 when it is gone. */
  hold(groupId: string, bytes: number): void {
    this.#sum += bytes - (this.#byGroup.get(groupId) ?? 0)
    if (bytes > 0) this.#byGroup.set(groupId, bytes)
    else this.#byGroup.delete(groupId)
  }
}
