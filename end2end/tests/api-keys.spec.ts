// API keys of an environment in the browser: made and shown once, rotated, a signing secret, revoked; environments.

import { expect, open, signIn, test } from './support/nexus';

const keys = '/t/acme/api-keys';

test('a key is made for a new environment, shown once, rotated, signs tokens, and is revoked', async ({ page, nexus }) => {
  await signIn(page);
  await open(page, keys);
  await page.getByLabel('Environment: Production').click();
  await page.getByRole('link', { name: 'Create environment' }).click();
  await page.getByLabel('Slug', { exact: true }).fill('preview');
  await page.getByRole('button', { name: 'Create' }).click();
  await expect(page).toHaveURL(/api-keys\?environment=preview/);
  await expect(page.locator('.app')).toHaveClass(/not-live/);
  await page.getByLabel('Name', { exact: true }).fill('pipeline');
  await page.getByRole('button', { name: 'Make the key' }).click();
  const dialog = page.getByRole('dialog');
  const shown = dialog.locator('.new-key code');
  await expect(shown).toHaveText(/^nx_preview_[0-9a-f]{64}$/);
  const key = (await shown.textContent()) ?? '';
  const whoami = async (text: string) =>
    (await fetch(`${nexus.url}/api/v1/whoami`, { headers: { authorization: `Bearer ${text}` } })).status;
  expect(await whoami(key)).toBe(200);
  await dialog.getByRole('button', { name: 'I have copied it' }).click();
  await expect(page.locator('tr', { hasText: 'pipeline' })).toContainText('everything but admin:all');
  expect(await page.content()).not.toContain(key);

  const act = async (name: string) => {
    await page.getByLabel('Actions for pipeline').click();
    await page.getByRole('link', { name }).click();
  };
  await act('Rotate…');
  await dialog.getByText('Revoke now').click();
  await dialog.getByRole('button', { name: 'Rotate' }).click();
  await expect(shown).not.toHaveText(key);
  const rotated = (await shown.textContent()) ?? '';
  expect([await whoami(key), await whoami(rotated)]).toEqual([401, 200]);
  await dialog.getByRole('button', { name: 'I have copied it' }).click();

  await act('Signing secret…');
  await dialog.getByRole('button', { name: 'Make it' }).click();
  await expect(shown).toHaveText(/^[0-9a-f]{64}$/);
  await dialog.getByRole('button', { name: 'I have copied it' }).click();
  await expect(page.locator('tr', { hasText: 'pipeline' })).toContainText('SIGNS TOKENS');

  await act('Revoke…');
  await dialog.getByRole('button', { name: 'Revoke' }).click();
  await expect(page.getByText('No API keys yet')).toBeVisible();
  expect(await whoami(rotated)).toBe(401);
});

test('the menu of the last row is whole, and all of it can be clicked', async ({ page, api }) => {
  await signIn(page);
  await api.call('POST', '/keys', { name: 'last', type: 'secret', scopes: ['read:flags'] });
  await open(page, keys);
  const menu = page.getByLabel('Actions for last');
  await menu.click();
  for (const name of ['Rotate…', 'Signing secret…', 'Revoke…', 'Requests made with it']) {
    await page.getByRole('link', { name }).click({ trial: true });
  }
  await page.getByRole('link', { name: 'Revoke…' }).click();
  await expect(page.getByRole('dialog')).toContainText('Revoke last?');
});

test('nonsense in the allowed networks is refused with its line and stays in the field', async ({ page }) => {
  await signIn(page);
  await open(page, keys);
  const field = page.getByLabel('Networks', { exact: true });
  await field.fill('10.0.0.0/8\nnonsense');
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByText('Line 2:')).toBeVisible();
  await expect(field).toHaveValue('10.0.0.0/8\nnonsense');
});

test.describe('without JavaScript', () => {
  test.use({ javaScriptEnabled: false });

  test('environments are chosen by links, and all of them are read', async ({ page }) => {
    await signIn(page);
    await page.goto(keys);
    await page.getByLabel('Environment: Production').click();
    await page.getByRole('link', { name: /^All/ }).click();
    await expect(page.getByText('shown together to be read')).toBeVisible();
    await expect(page.getByText('needs JavaScript')).toBeVisible();
    await page.goto('/api-keys?environment=develop');
    await expect(page).toHaveURL(/\/t\/acme\/api-keys\?environment=develop$/);
  });
});
