/** The copier with franz-go (main.go), a program of its own. */
import { join } from 'node:path'
import { GoProgram } from '../../../harness/go-program.ts'

export const franzGoCopier = new GoProgram(join(import.meta.dirname, 'franz-go-copier'))
