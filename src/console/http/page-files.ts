/** The files of the page, as the build has made them: these and no others, whatever path is asked for. */
import { readFile } from 'node:fs/promises'

export interface PageFile {
  readonly bytes: Buffer
  readonly type: string
}

/** `chunks/`, where this lies in the package, and `console/` lie side by side. */
const directory = new URL('../console/', import.meta.url)

const page = { name: 'index.html', type: 'text/html; charset=utf-8' }

const files: ReadonlyMap<string, { readonly name: string; readonly type: string }> = new Map([
  ['/app.js', { name: 'app.js', type: 'text/javascript; charset=utf-8' }],
  ['/app.css', { name: 'app.css', type: 'text/css; charset=utf-8' }],
  ['/icon.svg', { name: 'icon.svg', type: 'image/svg+xml' }]
])

/** Any other path is a view of the page, which finds its way by itself. */
export async function pageFile(path: string): Promise<PageFile> {
  const { name, type } = files.get(path) ?? page
  return { bytes: await readFile(new URL(name, directory)), type }
}
