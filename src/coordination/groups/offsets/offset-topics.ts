/**
 * The topics that offsets are kept of: whose offsets these are, and which topics of the name they were committed for. Where one is deleted,
 * or a start finds that one is gone, only what there is of it is looked at: a coordinator may keep millions of offsets.
 */

interface OffsetTopic {
  readonly groupIds: Set<string>
  /** Also of offsets that have been replaced since: more than there are, never fewer. */
  readonly topicIds: Set<string>
}

export class OffsetTopics {
  readonly #byName = new Map<string, OffsetTopic>()

  add(topic: string, groupId: string, topicId: string): void {
    const known = this.#byName.get(topic) ?? { groupIds: new Set<string>(), topicIds: new Set<string>() }
    this.#byName.set(topic, known)
    known.groupIds.add(groupId)
    known.topicIds.add(topicId)
  }

  /** The group has none of the topic any more. */
  remove(topic: string, groupId: string): void {
    const known = this.#byName.get(topic)
    known?.groupIds.delete(groupId)
    if (known?.groupIds.size === 0) this.#byName.delete(topic)
  }

  groupsOf(topic: string): Iterable<string> {
    return this.#byName.get(topic)?.groupIds ?? []
  }

  /** Those of which an offset may have been committed for a topic that `isThere` says no to. */
  *withMissing(isThere: (topic: string, topicId: string) => boolean): Iterable<string> {
    for (const [topic, { topicIds }] of this.#byName) {
      for (const topicId of topicIds) {
        if (isThere(topic, topicId)) continue
        yield topic
        break
      }
    }
  }
}
