// Why a config or secret has its value, keys that are completed while one types, and JSON Schemas.

import { expect, open, row, secretsUrl, service, signIn, test } from './support/nexus';

const configs = '/t/acme/projects/shop/live/checkout-api/configs';
const path = (name = service.name) => `/projects/shop/services/${name}/configs`;

test.beforeEach(async ({ page }) => signIn(page));

test('a config tells where its value comes from', async ({ page, api }) => {
  await api.call('POST', path('shared'), { key: 'HOST_WHY', value: 'db.internal' });
  await api.secret('PASSWORD_WHY', 'never-in-this-page');
  await api.call('POST', path(), { key: 'URL_WHY', value: 'pg://{{secret:PASSWORD_WHY}}@{{config:HOST_WHY}}' });
  await open(page, `${configs}?open=URL_WHY`);
  await page.getByRole('link', { name: 'Why this value?' }).click();
  const why = page.getByRole('region', { name: 'Why this value?' });
  await expect(why).toContainText('HOST_WHY');
  await expect(why).toContainText('INHERITED');
  await expect(why).toContainText('config:URL_WHY → secret:PASSWORD_WHY');
  expect(await page.content()).not.toContain('never-in-this-page');
  await why.getByRole('link', { name: 'shared' }).click();
  await expect(page).toHaveURL(/shared\/configs\?open=HOST_WHY/);
});

test('a secret tells that it hides the umbrella’s', async ({ page, api }) => {
  await api.secret('HIDDEN_WHY', 'umbrella', 'shared');
  await api.secret('HIDDEN_WHY', 'own');
  await open(page, `${secretsUrl}?open=HIDDEN_WHY&why`);
  await expect(page.getByRole('region', { name: 'Why this value?' })).toContainText('OVERRIDDEN');
});

test('a reference is completed with the keyboard alone', async ({ page, api }) => {
  await api.call('POST', path('shared'), { key: 'ZONE', value: 'eu' });
  await api.call('POST', path(), { key: 'ZOOM', value: 'r' });
  await open(page, `${configs}?new`);
  await page.getByLabel('Key', { exact: true }).fill('COMPLETED');
  const value = page.locator('[name=value]');
  await value.focus();
  await page.keyboard.type('at {{');
  const list = page.getByRole('listbox', { name: 'Keys to refer to' });
  await expect(list.getByRole('option').first()).toBeVisible();
  await page.keyboard.type('config:zo');
  await expect(list.getByRole('option')).toHaveCount(2);
  await expect(value).toHaveAttribute('aria-activedescendant', /-0$/);
  await page.keyboard.press('ArrowDown');
  await expect(value).toHaveAttribute('aria-activedescendant', /-1$/);
  await expect(list.getByRole('option', { selected: true })).toContainText('ZOOM');
  await page.keyboard.press('Tab');
  await expect(value).toHaveValue('at {{config:ZOOM}}');
  await expect(value).toBeFocused();
  await expect(list).toHaveCount(0);
  await page.keyboard.type(' {{ZON');
  await expect(list.getByRole('option')).toHaveCount(1);
  await page.keyboard.press('Escape');
  await expect(list).toHaveCount(0);
  await expect(value).toBeVisible();
  await page.keyboard.type('E');
  await expect(list.getByRole('option')).toHaveCount(1);
  await page.keyboard.press('Enter');
  await expect(value).toHaveValue('at {{config:ZOOM}} {{config:ZONE}}');
  await page.keyboard.press('Enter');
  await expect(row(page, 'COMPLETED')).toBeVisible();
});

test('a name that leads nowhere is said quietly', async ({ page }) => {
  await open(page, `${configs}?new`);
  await page.locator('[name=value]').pressSequentially('{{config:NOWHERE_YET}}');
  await expect(page.getByText('There is no config:NOWHERE_YET here yet.')).toBeVisible();
  await page.locator('[name=value]').fill('nothing');
  await expect(page.getByText('There is no config:NOWHERE_YET here yet.')).toHaveCount(0);
});

test('a value that breaks its schema is refused at its field, and a schema at its own', async ({ page, api }) => {
  await open(page, `${configs}?new`);
  await page.getByLabel('Key', { exact: true }).fill('SHAPED');
  await page.getByRole('radio', { name: 'json' }).check({ force: true });
  await page.locator('[name=value]').fill('{"limits": ["many"]}');
  await page.locator('summary', { hasText: 'JSON Schema' }).click();
  await page.locator('[name=schema]').fill('{"type": "text"}');
  await page.getByRole('button', { name: 'Create' }).click();
  await expect(page.locator('.field-error').filter({ hasText: '/type' })).toBeVisible();
  await page.locator('[name=schema]').fill('{"properties": {"limits": {"items": {"type": "number"}}}}');
  await page.getByRole('button', { name: 'Create' }).click();
  await expect(page.locator('.field-error').filter({ hasText: '/limits/0 is not a number' })).toBeVisible();
  await page.locator('[name=value]').fill('{"limits": [1]}');
  await page.getByRole('button', { name: 'Create' }).click();
  await expect(row(page, 'SHAPED')).toBeVisible();
  expect((await api.call('GET', `${path()}/SHAPED`)).schema.properties.limits.items).toEqual({ type: 'number' });
  await open(page, `${configs}?open=SHAPED&form=version&from=1`);
  await page.locator('[name=schema]').fill('');
  await page.locator('[name=value]').fill('{"limits": ["many"]}');
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(row(page, 'SHAPED')).toContainText('v2');
  expect((await api.call('GET', `${path()}/SHAPED`)).schema).toBeUndefined();
});

test('an environment is pinned to an engine', async ({ page }) => {
  await open(page, '/t/acme/environments?edit=staging');
  await page.getByLabel('Evaluation engine').selectOption('1.x');
  await page.getByRole('region', { name: 'Environments' }).getByRole('button', { name: 'Save' }).click();
  await expect(page.getByText('engine 1.x')).toBeVisible();
});

test.describe('without JavaScript', () => {
  test.use({ javaScriptEnabled: false });

  test('the panel is a link, and a schema a field', async ({ page, api }) => {
    await api.call('POST', path(), { key: 'PLAIN_WHY', value: 1 });
    await page.goto(`${configs}?open=PLAIN_WHY`);
    await page.getByRole('link', { name: 'Why this value?' }).click();
    await expect(page.getByRole('region', { name: 'Why this value?' })).toContainText('this service');
    await page.goto(`${configs}?new`);
    await expect(page.locator('summary', { hasText: 'JSON Schema' })).toBeVisible();
  });
});
