/** What `import 'odradek'` is in this clone: the package that the build made, or a sentence where it made none yet. */
import { orSay } from './or-say.mjs'

const built = await import('../dist/index.js').catch(
  orSay('the package is not built yet', 'there is no dist/ in this clone')
)

export const { StartError, openKafka, startKafka } = built
