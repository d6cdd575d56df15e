/** `npm run mutations [-- WORD…]`: makes each mistake of the list, or those whose words are given, and says which no test noticed. */
import { projectDirectory } from '../../test/harness/paths.ts'
import { MutatedCopy, objectionsTo } from './apply.ts'
import { mutations } from './list.ts'

const words = process.argv.slice(2)
const chosen = mutations.filter(({ what, file }) => words.every((word) => `${what} ${file}`.includes(word)))
const objections = chosen.flatMap((mutation) => objectionsTo(mutation, projectDirectory))
for (const objection of objections) console.error(objection)
let [survived, unsound] = [0, 0]
using copy = new MutatedCopy(projectDirectory)
for (const mutation of objections.length > 0 ? [] : chosen) {
  if (!(await copy.isSound(mutation.tests))) {
    unsound += 1
    console.log(`UNSOUND   ${mutation.what}: its tests fail without it`)
    continue
  }
  const isNoticed = await copy.notices(mutation)
  if (!isNoticed) survived += 1
  console.log(`${isNoticed ? 'noticed ' : 'SURVIVED'}  ${mutation.what} (${mutation.file})`)
}
if (objections.length === 0) console.log(`${chosen.length} mistakes, ${survived} of them noticed by no test`)
process.exitCode = objections.length + survived + unsound > 0 ? 1 : 0
