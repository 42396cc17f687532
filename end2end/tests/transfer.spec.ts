// Import and export of configs in the browser, with and without its script.

import { readFileSync } from 'node:fs';
import { expect, open, row, service, signIn, test } from './support/nexus';

const configs = '/t/acme/projects/shop/live/checkout-api/configs';
const api_path = `/projects/shop/services/${service.name}/configs`;
const yaml = 'kept: same\nadded.key:\n  - 1\n  - no\nadded_key: 1.50\n';

test.describe('with JavaScript', () => {
  test.beforeEach(async ({ page }) => signIn(page));

  test('an import is recognised, previewed with reasons, and written as a whole', async ({ page, api }) => {
    await api.call('POST', api_path, { key: 'kept', value: 'same' });
    await open(page, configs);
    await page.getByRole('link', { name: 'Import' }).click();
    await page.getByLabel('Text').fill(`${yaml}bad key: 1\n`);
    await page.getByRole('button', { name: 'Preview' }).click();
    const preview = page.getByRole('region', { name: 'Preview' });
    await expect(preview).toContainText('Read as YAML: 2 new · 1 unchanged · 1 invalid');
    await expect(preview).toContainText('added.key, added_key would all be the environment variable added_key');
    await expect(preview).toContainText('A space is not allowed');
    await page.getByRole('dialog').getByRole('button', { name: 'Import' }).click();
    await expect(page.locator('.field-error').filter({ hasText: 'A space is not allowed' })).toBeVisible();
    await page.getByLabel('Text').fill(yaml);
    await page.getByRole('dialog').getByRole('button', { name: 'Import' }).click();
    await expect(row(page, 'added.key')).toBeVisible();
    expect((await api.call('GET', `${api_path}/added.key`)).value).toEqual([1, 'no']);
  });

  test('a format can be chosen, and a file read', async ({ page }) => {
    await open(page, `${configs}?import`);
    const file = { name: 'app.env', mimeType: 'text/plain', buffer: Buffer.from('FROM_FILE="a: b"\n') };
    await page.locator('input[type=file]').setInputFiles(file);
    const preview = page.getByRole('region', { name: 'Preview' });
    await expect(preview).toContainText('Read as .env: 1 new');
    await page.getByRole('radio', { name: 'JSON' }).check({ force: true });
    await expect(page.locator('.field-error').filter({ hasText: 'This is not a JSON object' })).toBeVisible();
    await page.getByRole('radio', { name: 'Recognise it' }).check({ force: true });
    await expect(preview).toContainText('Read as .env: 1 new');
  });

  test('an export downloads the stored text in each format', async ({ page, api }) => {
    await api.call('POST', api_path, { key: 'host', value: 'db' });
    await api.call('POST', api_path, { key: 'url', value: 'x://{{config:host}}' });
    const expected = [['.env', "url='x://{{config:host}}'"], ['YAML', '"url": "x://{{config:host}}"']];
    for (const [label, line] of expected) {
      await open(page, configs);
      await page.getByRole('link', { name: 'Export' }).click();
      await page.getByRole('radio', { name: label }).check({ force: true });
      const download = page.waitForEvent('download');
      await page.getByRole('button', { name: 'Download' }).click();
      expect(readFileSync(await (await download).path(), 'utf8')).toContain(line);
    }
  });
});

test.describe('without JavaScript', () => {
  test.use({ javaScriptEnabled: false });
  test.beforeEach(async ({ page }) => signIn(page));

  test('configs are imported and exported', async ({ page }) => {
    await page.goto(`${configs}?import`);
    await page.getByLabel('Text').fill('9bad=1');
    await page.getByRole('button', { name: 'Import' }).click();
    await expect(page.getByText('A key starts with a letter')).toBeVisible();
    await page.getByLabel('Text').fill('plain_html=yes');
    await page.getByRole('button', { name: 'Import' }).click();
    await expect(row(page, 'plain_html')).toBeVisible();
    await page.goto(`${configs}?export`);
    const download = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Download' }).click();
    expect(readFileSync(await (await download).path(), 'utf8')).toContain("plain_html='yes'");
  });
});
