// What needs a fresh sign-in asks for the password, and loses nothing of what was typed: with JavaScript it goes
// on by itself, without it the form comes back filled in and is sent once more.

import type { Page } from '@playwright/test';
import { readFileSync } from 'node:fs';
import { age } from './support/aged';
import { expect, open, owner, secretsUrl, signIn, test, type Api } from './support/nexus';

const question = (page: Page) => page.getByRole('dialog', { name: 'Confirm that it is you' });

async function answer(page: Page): Promise<void> {
  await question(page).getByLabel('Password').fill(owner.password);
  await question(page).getByRole('button', { name: 'Continue' }).click();
}

async function twoVersions(api: Api, key: string): Promise<void> {
  await api.secret(key, 'the-first-value');
  await api.version(key, 'the-second-value', '');
}

test.describe('with JavaScript', () => {
  test.beforeEach(async ({ page }) => signIn(page));

  test('a deletion that cannot be undone goes on with what was typed', async ({ page, api, nexus }) => {
    await api.call('POST', '/environments', { slug: 'stale_one' });
    await open(page, '/t/acme/environments?confirm=stale_one');
    age(nexus.folder);
    await page.getByLabel('Type stale_one to confirm').fill('stale_one');
    await page.getByRole('button', { name: 'Delete the environment' }).click();
    await question(page).getByLabel('Password').fill('wrong');
    await question(page).getByRole('button', { name: 'Continue' }).click();
    await expect(question(page)).toContainText('The password is wrong');
    await answer(page);
    await expect(page.getByText('Environment stale_one is deleted')).toBeVisible();
  });

  test('who does not want to go on finds the form as it was', async ({ page, api, nexus }) => {
    await api.call('POST', '/environments', { slug: 'stale_kept' });
    await open(page, '/t/acme/environments?confirm=stale_kept');
    age(nexus.folder);
    await page.getByLabel('Type stale_kept to confirm').fill('stale_kept');
    await page.getByRole('button', { name: 'Delete the environment' }).click();
    await question(page).getByRole('button', { name: 'Cancel' }).click();
    await expect(question(page)).toHaveCount(0);
    await expect(page.getByLabel('Type stale_kept to confirm')).toHaveValue('stale_kept');
    await api.call('DELETE', '/environments/stale_kept');
  });

  test('revealing, comparing and destroying go on', async ({ page, api, nexus }) => {
    await twoVersions(api, 'STALE_ONE');
    await open(page, `${secretsUrl}?open=STALE_ONE`);
    age(nexus.folder);
    await page.getByRole('button', { name: 'Reveal the value' }).click();
    await answer(page);
    await expect(page.getByText('the-second-value')).toBeVisible();
    age(nexus.folder);
    await page.getByRole('button', { name: 'Compare v1 with the active one' }).click();
    await answer(page);
    await expect(page.getByRole('dialog')).toContainText('the-first-value');
    await page.keyboard.press('Escape');
    age(nexus.folder);
    await page.getByRole('link', { name: 'Destroy v1' }).click();
    await page.getByRole('dialog').getByLabel(/to confirm/).fill('v1');
    await page.getByRole('dialog').getByRole('button', { name: 'Destroy' }).click();
    await answer(page);
    await expect(page.getByText('DESTROYED', { exact: true })).toBeVisible();
  });

  test('a key is made with what was chosen', async ({ page, nexus }) => {
    await open(page, '/t/acme/projects/shop/live/checkout-api/keys');
    await page.getByRole('link', { name: 'Make a key' }).first().click();
    const dialog = page.getByRole('dialog').first();
    await dialog.getByText('Read and write', { exact: false }).first().click();
    age(nexus.folder);
    await page.getByRole('button', { name: 'Make the key' }).click();
    await answer(page);
    await expect(page.locator('.new-key code')).toBeVisible();
  });

  test('an export is downloaded', async ({ page, api, nexus }) => {
    await api.secret('STALE_EXPORT', 'exported-value');
    await open(page, `${secretsUrl}?export`);
    age(nexus.folder);
    const download = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Download' }).click();
    await answer(page);
    expect(readFileSync(await (await download).path(), 'utf8')).toContain('exported-value');
  });

  test('another address is asked for', async ({ page, nexus }) => {
    await open(page, '/account');
    age(nexus.folder);
    await page.getByLabel('New address').fill('ana.stale@acme.test');
    await page.getByRole('button', { name: 'Send the link' }).click();
    await answer(page);
    await expect(page.getByText('ana.stale@acme.test waits to be confirmed')).toBeVisible();
    await page.getByRole('button', { name: 'Take it back' }).click();
    await expect(page.getByText('waits to be confirmed')).toHaveCount(0);
  });

  test('an export of the audit log leads to the question and back to the filter', async ({ page, nexus }) => {
    await open(page, '/t/acme/audit?event=key.');
    age(nexus.folder);
    await page.getByRole('button', { name: 'CSV' }).click();
    await page.getByLabel('Password').fill(owner.password);
    await page.getByRole('button', { name: 'Continue' }).click();
    await expect(page).toHaveURL(/\/t\/acme\/audit\?event=key\./);
    const download = page.waitForEvent('download');
    await page.getByRole('button', { name: 'CSV' }).click();
    expect((await download).suggestedFilename()).toBe('audit.csv');
  });
});

test.describe('without JavaScript', () => {
  test.use({ javaScriptEnabled: false });
  test.beforeEach(async ({ page }) => signIn(page));

  /** The page that asks, answered wrong once. */
  async function confirm(page: Page): Promise<void> {
    await expect(page.getByRole('heading', { name: 'Confirm that it is you' })).toBeVisible();
    for (const password of ['wrong', owner.password]) {
      await page.getByLabel('Password').fill(password);
      await page.getByRole('button', { name: 'Continue' }).click();
    }
    await expect(page.getByText('Nothing was done yet. Send this once more.').first()).toBeVisible();
  }

  test('a deletion comes back with what was typed', async ({ page, api, nexus }) => {
    await api.call('POST', '/environments', { slug: 'stale_two' });
    await page.goto('/t/acme/environments?confirm=stale_two');
    age(nexus.folder);
    await page.getByLabel('Type stale_two to confirm').fill('stale_two');
    await page.getByRole('button', { name: 'Delete the environment' }).click();
    await confirm(page);
    await expect(page.getByLabel('Type stale_two to confirm')).toHaveValue('stale_two');
    await page.getByRole('button', { name: 'Delete the environment' }).click();
    await expect(page.getByText('Environment stale_two is deleted')).toBeVisible();
  });

  test('a version is destroyed with one more press', async ({ page, api, nexus }) => {
    await twoVersions(api, 'STALE_TWO');
    await page.goto(`${secretsUrl}?open=STALE_TWO`);
    await page.getByRole('link', { name: 'Destroy v1' }).click();
    age(nexus.folder);
    await page.getByLabel(/to confirm/).fill('v1');
    await page.getByRole('button', { name: 'Destroy' }).click();
    await confirm(page);
    await expect(page.getByLabel(/to confirm/)).toHaveValue('v1');
    await page.getByRole('button', { name: 'Destroy' }).click();
    await expect(page.getByText('DESTROYED', { exact: true })).toBeVisible();
  });

  test('a promotion of secrets keeps what was selected', async ({ page, api, nexus }) => {
    await api.call('POST', '/projects/shop/services/checkout-api/secrets?environment=develop', { key: 'STALE_MOVE', value: 'moved' });
    await page.goto('/t/acme/projects/shop/grid?service=checkout-api&kind=secret&q=STALE_MOVE');
    await page.getByLabel('Select STALE_MOVE').check();
    await page.getByRole('button', { name: 'Preview' }).click();
    age(nexus.folder);
    await page.getByRole('dialog').getByRole('button', { name: 'Promote 1 secret' }).click();
    await confirm(page);
    await page.getByRole('dialog').getByRole('button', { name: 'Promote 1 secret' }).click();
    await expect(page.getByText('1 key promoted from develop to live')).toBeVisible();
  });

  test('another address comes back as it was typed', async ({ page, nexus }) => {
    await page.goto('/account');
    age(nexus.folder);
    await page.getByLabel('New address').fill('ana.plain@acme.test');
    await page.getByRole('button', { name: 'Send the link' }).click();
    await confirm(page);
    await expect(page.getByLabel('New address')).toHaveValue('ana.plain@acme.test');
    await page.getByRole('button', { name: 'Send the link' }).click();
    await expect(page.getByText('ana.plain@acme.test waits to be confirmed')).toBeVisible();
    await page.getByRole('button', { name: 'Take it back' }).click();
    await expect(page.getByText('waits to be confirmed')).toHaveCount(0);
  });

  test('the audit log is exported with one more press', async ({ page, nexus }) => {
    await page.goto('/t/acme/audit?event=key.');
    age(nexus.folder);
    await page.getByRole('button', { name: 'CSV' }).click();
    await page.getByLabel('Password').fill(owner.password);
    await page.getByRole('button', { name: 'Continue' }).click();
    await expect(page).toHaveURL(/\/t\/acme\/audit\?event=key\./);
    const download = page.waitForEvent('download');
    await page.getByRole('button', { name: 'CSV' }).click();
    expect((await download).suggestedFilename()).toBe('audit.csv');
  });
});
