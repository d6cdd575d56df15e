/**
 * Options by which other tools name what is an argument here, or another letter: Apache's `--topic orders`, kcat's `-t` and `-p`.
 */
export const topicOption = { '--topic': [], '-t': [] } as const
export const groupOption = { '--group': [], '-g': [] } as const
export const transactionalIdOption = { '--transactional-id': [] } as const
export const partitionOption = { '-p': ['--partitions'] } as const
