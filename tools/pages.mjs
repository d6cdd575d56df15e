/**
 * The pages of the package: README.md, which npm shows on a page of its own, and docs/, which whoever has installed it reads beside it.
 *
 * On npm's page a relative link leads nowhere unless the repository is on GitHub, and a relative SVG picture is not shown even then
 * (npm/www#272). So each link of the README says where it leads:
 * - a picture to unpkg.com, which serves each file of each version that is on npm, as it was published;
 * - a page to the repository, which shows it as a page, and while package.json names none, to unpkg.com, which shows its text;
 * - to what is not in the package (withkafka/, CONTRIBUTING.md) there is none without a repository: its path is said instead.
 */
import { posix } from 'node:path'

const link = /(!?)\[([^\]]*)\]\((?!https?:|#)([^)#]+)(#[^)]*)?\)/g

/** What the README says to those who have a clone, and, hidden there, what the package's says instead. */
const toldApart = /^<!-- in a clone -->\n[\s\S]*?^<!-- on npm:\n([\s\S]*?)^-->\n/gm

/**
 * @param packed   the paths that are in the package
 * @param address  of the repository, if it has one
 */
export function packagePages({ name, version, packed, address }) {
  const served = (path) => `https://unpkg.com/${name}@${version}/${path}`
  // GitHub calls the newest commit so, and npm links to it.
  const inRepository = (path) => address && `${address}/blob/HEAD/${path}`

  const rewritten = (text, page, whereIsPacked) =>
    text.replaceAll(link, (whole, picture, words, target, fragment = '') => {
      const path = posix.join(posix.dirname(page), target)
      const isPacked = packed.some((one) => one === path || (path.endsWith('/') && one.startsWith(path)))
      const where = isPacked ? whereIsPacked(path, picture !== '', target) : inRepository(path)
      if (where !== undefined) return whole.replace(`](${target}${fragment})`, `](${where}${fragment})`)
      return words === path ? `${words} (in the repository)` : `${words} (${path} in the repository)`
    })

  /** Where a page of the package is read by those who have not installed it. */
  const pageAddress = (path) => inRepository(path) ?? served(path)
  return {
    pageAddress,
    readme: (text) =>
      rewritten(text.replaceAll(toldApart, '$1'), 'README.md', (path, isPicture) =>
        isPicture ? served(path) : pageAddress(path)
      ),
    beside: (text, page) => rewritten(text, page, (_path, _isPicture, target) => target)
  }
}
