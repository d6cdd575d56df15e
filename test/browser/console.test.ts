/** The console as somebody sees it who opens it, on ours and (`--target kafka`) on a real Apache Kafka. */
import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import type { Browser, Page } from 'playwright-core'
import { type CommandLine, openCommandLine } from '../cli/command-line.ts'
import { OpenedConsole } from '../console/opened-console.ts'
import { target } from '../harness/target.ts'
import { chromium, skipUnless } from '../harness/tools.ts'
import { barriers, openBrowser, type Visit, type Visitor, visit } from './browser.ts'

suite('the console in a browser', { skip: skipUnless(target(), chromium()) }, () => {
  let cli: CommandLine
  let opened: OpenedConsole
  let browser: Browser
  before(async () => {
    cli = await openCommandLine()
    opened = await OpenedConsole.of(cli)
    browser = await openBrowser()
  })
  after(async () => {
    await browser?.close()
    await opened?.close()
    await cli?.[Symbol.asyncDispose]()
  })

  /** The page complains of nothing while it is looked at. */
  async function looking(path: string, look: (page: Page) => Promise<void>, visitor?: Visitor): Promise<void> {
    const { page, complaints }: Visit = await visit(browser, new URL(path, opened.url), visitor)
    try {
      await look(page)
      assert.deepEqual(complaints, [])
    } finally {
      await page.close()
    }
  }

  async function topicWith(...values: readonly string[]): Promise<string> {
    const topic = cli.unique('seen')
    await cli.text(['topics', 'create', topic, '-p', '2'])
    for (const value of values) await cli.text(['produce', topic, value, '-P', '0'])
    return topic
  }

  test('from the list of topics to a record, with the keyboard alone', async () => {
    const topic = await topicWith('{"dish":"soup"}')
    await looking('/', async (page) => {
      const link = page.getByRole('link', { name: topic })
      await link.focus()
      await page.keyboard.press('Enter')
      const open = page.getByRole('button', { name: 'Open offset 0 of partition 0' })
      await open.focus()
      await page.keyboard.press('Enter')
      const dialog = page.getByRole('dialog')
      await dialog.getByText('"dish": "soup"').waitFor()
      await page.keyboard.press('Escape')
      await dialog.waitFor({ state: 'detached' })
      await page.goBack()
      await page.getByRole('heading', { name: 'Topics' }).waitFor()
    })
  })

  test('what is written elsewhere appears by itself, newest first, and stays when it is paused', async () => {
    const topic = await topicWith('first')
    await looking(`/topics/${topic}`, async (page) => {
      await page.getByText('first').waitFor()
      await cli.text(['produce', topic, 'second', '-P', '0'])
      await page.getByText('second').waitFor()
      const values = (): Promise<string[]> => page.locator('table.records .wide').allTextContents()
      assert.deepEqual(await values(), ['second', 'first'])
      await page.getByRole('button', { name: 'Pause' }).click()
      await cli.text(['produce', topic, 'third', '-P', '0'])
      assert.deepEqual(await values(), ['second', 'first'])
      await page.getByLabel('Filter the records that are shown').fill('sec')
      assert.deepEqual(await values(), ['second'])
    })
  })

  test('a record is written, and told with its place; a record that was read is sent again', async () => {
    const topic = await topicWith()
    await looking(`/topics/${topic}`, async (page) => {
      await page.getByRole('button', { name: 'Write a record' }).click()
      await page.getByLabel('Key', { exact: true }).fill('order 1')
      await page.getByLabel('Value', { exact: true }).fill('soup')
      await page.getByRole('button', { name: 'Write', exact: true }).click()
      await page.getByText('It is at offset 0').waitFor()
      await page.getByRole('button', { name: 'Close' }).click()
      await page.getByRole('button', { name: /^Open offset 0/ }).click()
      await page.getByRole('button', { name: 'Edit and send again' }).click()
      assert.equal(await page.getByLabel('Value', { exact: true }).inputValue(), 'soup')
      await page.getByLabel('Value', { exact: true }).fill('stew')
      await page.getByRole('button', { name: 'Write', exact: true }).click()
      await page.getByText('It is at offset 1').waitFor()
    })
    const rows = await cli.rows(['consume', topic, '-e', '--from', 'start', '-o', 'jsonl'])
    assert.deepEqual(
      rows.map(({ key, value }) => [key, value]),
      [
        ['order 1', 'soup'],
        ['order 1', 'stew']
      ]
    )
  })

  test('a topic is made, and goes only when its name is typed', async () => {
    const topic = cli.unique('made')
    await looking('/topics', async (page) => {
      await page.getByRole('button', { name: 'New topic' }).click()
      await page.getByLabel('Name', { exact: true }).fill(topic)
      await page.getByRole('button', { name: 'Create' }).click()
      await page.getByText('Nothing is here yet').waitFor()
      await page.getByRole('button', { name: 'Delete' }).click()
      const sure = page.getByRole('dialog').getByRole('button', { name: 'Delete' })
      assert.equal(await sure.isDisabled(), true)
      await page.getByLabel('Type its name').fill(topic)
      await sure.click()
      await page.getByRole('heading', { name: 'Topics', exact: true }).waitFor()
    })
  })

  test('the lag of a group grows while it is looked at, and why is said', async () => {
    const topic = await topicWith('a', 'b')
    const group = cli.unique('readers')
    await cli.text(['consume', topic, '-g', group, '-e', '--from', 'start'])
    await looking(`/group?name=${group}`, async (page) => {
      await page.getByText('up to date').waitFor()
      await page.locator('.why article').first().waitFor()
      await cli.text(['produce', topic, 'c', '-P', '0'])
      await page.locator('.figures').getByText('1 record', { exact: true }).waitFor()
    })
  })

  test('hostile records are shown, and do nothing', async () => {
    const hostile = [
      '<img src=x onerror=alert(1)>',
      '<script>document.title="bad"</script>',
      '"><svg onload=alert(1)>',
      `${'['.repeat(20_000)}`
    ]
    const topic = await topicWith(...hostile)
    await looking(`/topics/${topic}`, async (page) => {
      page.on('dialog', () => assert.fail('a record opened a dialog'))
      await page.getByText('<img src=x onerror=alert(1)>').waitFor()
      for (let offset = 0; offset < hostile.length; offset++) {
        await page.getByRole('button', { name: `Open offset ${offset} of partition 0` }).click()
        await page.getByRole('dialog').getByRole('button', { name: 'raw' }).click()
        await page.keyboard.press('Escape')
      }
      assert.equal(await page.title(), 'Odradek')
      assert.equal(await page.locator('main img, main svg[onload], main script').count(), 0)
    })
  })

  test('no view keeps anybody out, light or dark, wide or on a phone', async () => {
    const topic = await topicWith('{"dish":"soup"}')
    const group = cli.unique('readers')
    await cli.text(['consume', topic, '-g', group, '-e', '--from', 'start'])
    const visitors: readonly Visitor[] = [{}, { colorScheme: 'dark' }, { size: { width: 390, height: 844 } }]
    for (const visitor of visitors)
      for (const path of [
        '/topics',
        `/topics/${topic}`,
        `/topics/${topic}?tab=partitions`,
        `/topics/${topic}?tab=settings`,
        '/groups',
        `/group?name=${group}`,
        '/brokers'
      ])
        await looking(
          path,
          async (page) => {
            await page.locator('main table, main .records').first().waitFor()
            assert.deepEqual(await barriers(page), [], `${path} ${JSON.stringify(visitor)}`)
            const wide = await page.evaluate(
              'document.documentElement.scrollWidth > document.documentElement.clientWidth'
            )
            assert.equal(wide, false, `${path} is wider than ${JSON.stringify(visitor)}`)
          },
          visitor
        )
  })
})
