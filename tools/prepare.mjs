/**
 * What npm runs after an install in the clone: builds. npx runs it as well, before it links the command of the clone, and keeps a
 * folder that can never be used when it fails: so for npx there is nothing to do here, and the command says what is missing.
 */
if (process.env.npm_command !== 'exec') await import('./build.mjs')
