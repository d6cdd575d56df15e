/** Which names a topic may have (Kafka: Topic.validate, Topic.hasCollision). */
const legal = /^[a-zA-Z0-9._-]+$/
const longest = 249

/** The topic of the metadata log itself: its directory is there, so that no other may have the name. */
export const metadataTopicName = '__cluster_metadata'

/** Its id, in every cluster (Kafka: Uuid.METADATA_TOPIC_ID). */
export const metadataTopicId = 'AAAAAAAAAAAAAAAAAAAAAQ'

/** What is wrong with a name, in a sentence; null when nothing is. */
export function objectionToTopicName(name: string): string | null {
  if (name === '') return 'Topic name is invalid: the empty string is not allowed'
  if (name === '.' || name === '..') return `Topic name is invalid: '${name}' is not allowed`
  if (name.length > longest)
    return `Topic name is invalid: the length of '${name}' is longer than the max allowed length ${longest}`
  if (!legal.test(name)) {
    return `Topic name is invalid: '${name}' contains one or more characters other than ASCII alphanumerics, '.', '_' and '-'`
  }
  return null
}

/** Two names that differ only in '.' and '_' are one name in Kafka's metrics, so that the second is refused. */
export function collisionKey(name: string): string {
  return name.replaceAll('.', '_')
}
