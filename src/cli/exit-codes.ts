/**
 * What the process says to the shell when it ends. Scripts rely on these numbers, so they never change meaning.
 */
export const ExitCode = {
  done: 0,
  failed: 1,
  wrongUsage: 2,
  unreachable: 3,
  notAllowed: 4,
  notFound: 5,
  partFailed: 6,
  notMet: 7,
  interrupted: 130
} as const

export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode]

/** The table that the reference page prints. */
export const exitCodeMeanings: ReadonlyArray<readonly [ExitCode, string]> = [
  [ExitCode.done, 'done'],
  [
    ExitCode.failed,
    'failed; of serve also: it has stopped, by itself after a mistake of its own or as its data directory is gone, or not cleanly, and its next start recovers the logs'
  ],
  [ExitCode.wrongUsage, 'wrong usage: an unknown command or option, a value that cannot be read'],
  [ExitCode.unreachable, 'no broker could be reached'],
  [ExitCode.notAllowed, 'not authenticated or not authorized'],
  [
    ExitCode.notFound,
    'no such topic, partition, group, transactional id or broker; no such directory or file of a broker'
  ],
  [ExitCode.partFailed, 'a part failed; standard error lists which'],
  [
    ExitCode.notMet,
    'an expectation was not met: --expect, or --timeout passed first; of check and dump: something is damaged'
  ],
  [ExitCode.interrupted, 'interrupted by Ctrl-C or a termination signal; a consumer group was left cleanly']
]
