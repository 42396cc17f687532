// The Configs tab in the browser.

import { expect, open, row, service, signIn, test } from './support/nexus';

const configs = '/t/acme/projects/shop/live/checkout-api/configs';
const api_path = `/projects/shop/services/${service.name}/configs`;

test.beforeEach(async ({ page }) => signIn(page));

test('a new config of each type appears with its value', async ({ page, api }) => {
  const typed: [string, string, string, unknown][] = [
    ['TITLE', 'string', 'Hello', 'Hello'],
    ['PORT', 'number', '8080', 8080],
    ['DEBUG', 'boolean', 'false', false],
    ['LIMITS', 'json', '{"cpu": [1, 2]}', { cpu: [1, 2] }],
  ];
  for (const [key, kind, text, value] of typed) {
    await open(page, `${configs}?new`);
    await page.getByLabel('Key', { exact: true }).fill(key);
    await page.getByRole('radio', { name: kind }).check({ force: true });
    await page.locator('[name=value]').fill(text);
    await page.getByRole('button', { name: 'Create' }).click();
    await expect(row(page, key)).toContainText(text);
    expect((await api.call('GET', `${api_path}/${key}`)).value).toEqual(value);
  }
});

test('JSON that breaks is said while one types, and formatted when it does not', async ({ page }) => {
  await open(page, `${configs}?new`);
  await page.getByRole('radio', { name: 'json' }).check({ force: true });
  await page.locator('[name=value]').fill('{"a": 1,}');
  await expect(page.getByText(/Not JSON yet/)).toBeVisible();
  await page.locator('[name=value]').fill('{"a":1}');
  await page.getByRole('button', { name: 'Format' }).click();
  await expect(page.locator('[name=value]')).toHaveValue('{\n  "a": 1\n}');
});

test('a value that does not fit its type is refused at its field and stays', async ({ page }) => {
  await open(page, `${configs}?new`);
  await page.getByLabel('Key', { exact: true }).fill('WRONG');
  await page.getByRole('radio', { name: 'number' }).check({ force: true });
  await page.locator('[name=value]').fill('eighty');
  await page.getByRole('button', { name: 'Create' }).click();
  await expect(page.locator('[name=value]')).toHaveAttribute('aria-invalid', 'true');
  await expect(page.locator('[name=value]')).toHaveValue('eighty');
});

test('a config gets versions, which are compared, restored and destroyed', async ({ page, api }) => {
  await api.call('POST', api_path, { key: 'TIMEOUT', value: 30 });
  await open(page, `${configs}?open=TIMEOUT`);
  await page.getByRole('link', { name: 'New version' }).click();
  await page.locator('[name=value]').fill('60');
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(row(page, 'TIMEOUT')).toContainText('v2');
  await page.getByRole('link', { name: 'Compare v1 with the active one' }).click();
  await expect(page.getByRole('dialog')).toContainText('30');
  await page.keyboard.press('Escape');
  await page.getByRole('link', { name: 'Restore v1' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Restore' }).click();
  await expect(row(page, 'TIMEOUT')).toContainText('v3');
  await page.getByRole('link', { name: 'Destroy v2' }).click();
  await page.getByRole('dialog').getByLabel(/to confirm/).fill('v2');
  await page.getByRole('dialog').getByRole('button', { name: 'Destroy' }).click();
  await expect(page.getByText('DESTROYED', { exact: true })).toBeVisible();
});

test('a config is renamed, deleted, and brought back', async ({ page, api }) => {
  await api.call('POST', api_path, { key: 'OLD_CONFIG', value: 'x' });
  await open(page, `${configs}?open=OLD_CONFIG`);
  await page.getByRole('link', { name: 'Rename, note, tags' }).click();
  await page.getByLabel('Key', { exact: true }).fill('NEW_CONFIG');
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(row(page, 'NEW_CONFIG')).toBeVisible();
  await page.getByRole('link', { name: 'Delete…' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
  await expect(row(page, 'NEW_CONFIG')).toHaveCount(0);
  await page.getByRole('link', { name: 'Deleted configs' }).click();
  await page.locator('tr', { hasText: 'NEW_CONFIG' }).getByRole('button', { name: 'Undelete' }).click();
  await expect(page.locator('tr', { hasText: 'NEW_CONFIG' })).toHaveCount(0);
  expect((await api.call('GET', `${api_path}/NEW_CONFIG`)).value).toBe('x');
});

test('an inherited config is overridden here', async ({ page, api }) => {
  await api.call('POST', '/projects/shop/services/shared/configs', { key: 'REGION', value: 'eu' });
  await open(page, `${configs}?open=REGION`);
  await expect(row(page, 'REGION')).toContainText('INHERITED');
  await page.getByRole('link', { name: 'Override here' }).click();
  await page.locator('[name=value]').fill('us');
  await page.getByRole('button', { name: 'Create' }).click();
  await expect(row(page, 'REGION')).toContainText('OVERRIDES');
});

test('a value that names a secret says so and never shows it', async ({ page, api }) => {
  await api.secret('DB_PASSWORD', 'hidden-in-a-template');
  await api.call('POST', api_path, { key: 'DATABASE', value: 'postgres://app:{{secret:DB_PASSWORD}}@db' });
  await open(page, `${configs}?open=DATABASE`);
  await expect(row(page, 'DATABASE')).toContainText('HOLDS A SECRET');
  await expect(page.getByText('secret:DB_PASSWORD', { exact: true })).toBeVisible();
  expect(await page.content()).not.toContain('hidden-in-a-template');
});

test('a reference to nothing is refused at the value', async ({ page }) => {
  await open(page, `${configs}?new`);
  await page.getByLabel('Key', { exact: true }).fill('BROKEN');
  await page.locator('[name=value]').fill('{{config:NOWHERE}}');
  await page.getByRole('button', { name: 'Create' }).click();
  await expect(page.locator('.field-error').filter({ hasText: 'NOWHERE' })).toBeVisible();
});

test('a frontend service has configs', async ({ page }) => {
  await open(page, '/t/acme/projects/shop/live/storefront/configs');
  await expect(page.getByRole('heading', { name: 'No config yet' })).toBeVisible();
});
