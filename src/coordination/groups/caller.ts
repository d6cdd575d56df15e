/** Who asks a group coordinator, and in which version. */
export interface Caller {
  readonly clientId: string
  readonly clientHost: string
  readonly apiVersion: number
}

/** A member of a streams group, whose internal topics are made in its name. */
export interface StreamsCaller extends Caller {
  readonly mayCreateTopics: boolean
}
