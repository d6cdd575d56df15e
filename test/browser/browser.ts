/** A browser as a visitor has it: Debian's Chromium, driven by playwright-core. */
import axe from 'axe-core'
import { type Browser, chromium as driver, type Page } from 'playwright-core'
import { chromium, found } from '../harness/tools.ts'

/** What Chromium would ask the world for in the background; and it runs in containers, as root. */
const quiet = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync'
]

/** Busy machines are slow. */
const waitMs = 60_000

export async function openBrowser(): Promise<Browser> {
  return await driver.launch({ executablePath: found(chromium()), args: quiet, timeout: waitMs })
}

export interface Visit {
  readonly page: Page
  /** What the page complained of, or asked of anybody else. */
  readonly complaints: string[]
}

export interface Visitor {
  readonly colorScheme?: 'light' | 'dark'
  readonly size?: { readonly width: number; readonly height: number }
}

export async function visit(
  browser: Browser,
  url: URL,
  { colorScheme = 'light', size = { width: 1280, height: 800 } }: Visitor = {}
): Promise<Visit> {
  const page = await browser.newPage({ viewport: size, colorScheme, reducedMotion: 'reduce' })
  page.setDefaultTimeout(waitMs)
  const complaints: string[] = []
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text())
  })
  page.on('pageerror', (error) => complaints.push(String(error)))
  page.on('request', (request) => {
    if (new URL(request.url()).host !== url.host && !request.url().startsWith('data:')) complaints.push(request.url())
  })
  await page.goto(url.href)
  return { page, complaints }
}

/** What axe finds that keeps somebody out, one line each. */
export async function barriers(page: Page): Promise<string[]> {
  await page.evaluate(axe.source)
  const violations = await page.evaluate<AxeViolation[]>('axe.run().then((results) => results.violations)')
  return violations.flatMap(({ id, help, nodes }) => nodes.map(({ html }) => `${id}: ${help}: ${html.slice(0, 200)}`))
}

interface AxeViolation {
  readonly id: string
  readonly help: string
  readonly nodes: readonly { readonly html: string }[]
}
