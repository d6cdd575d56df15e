/** The directory of one node of a cluster, where the command is for the whole of it. */
import { basename, dirname, join, resolve } from 'node:path'
import { ReadOnlyDisk } from '../../host/node/read-only-disk.ts'
import { isOneOfSeveral } from '../../inspection/cluster-layout.ts'
import { wrongUsage } from '../cli-error.ts'

/** Throws CliError, with what to type: `command` and the directory of the cluster. */
export function refuseOneOfSeveral(directory: string, command: string): void {
  const whole = resolve(directory)
  if (!isOneOfSeveral(new ReadOnlyDisk(dirname(whole)), basename(whole))) return
  const shown = directory === whole ? dirname(whole) : join(directory, '..')
  throw wrongUsage(
    `${directory} is the directory of one of several nodes: the cluster is ${shown}`,
    "what it says of its topics lies in the controller's",
    `${command} ${shown}`
  )
}
