// Reading, navigating and every form that carries no secret out, without JavaScript.

import { expect, row, secretsUrl, signIn, test } from './support/nexus';

test.use({ javaScriptEnabled: false });
test.beforeEach(async ({ page }) => signIn(page));

test('projects, services and secrets are read and reached by links', async ({ page }) => {
  await page.goto('/t/acme/projects');
  await page.getByRole('link', { name: 'Shop' }).first().click();
  await page.getByRole('link', { name: 'checkout-api' }).first().click();
  await expect(page.getByRole('heading', { level: 1, name: 'checkout-api' })).toBeVisible();
  await page.goto('/t/acme/audit?event=service.');
  await expect(page.getByText('service.created').first()).toBeVisible();
  await page.goto('/t/acme/api-log');
  await page.getByLabel('Answer').selectOption('2xx');
  await page.getByRole('button', { name: 'Filter' }).click();
  await expect(page.getByText('/api/v1/projects').first()).toBeVisible();
});

test('a project and a service are made', async ({ page }) => {
  await page.goto('/t/acme/projects?new');
  await page.getByLabel('Name').fill('Plain');
  await page.getByRole('button', { name: 'Create' }).click();
  await expect(page).toHaveURL(/\/projects\/plain/);
  await page.goto('/t/acme/projects/plain?new');
  await page.getByLabel('Name').fill('worker');
  await page.getByRole('button', { name: 'Create' }).click();
  await expect(page.getByText('worker').first()).toBeVisible();
});

test('a text secret is made, changed, renamed, deleted and undeleted', async ({ page, api }) => {
  await page.goto(`${secretsUrl}?new`);
  await page.getByLabel('Key', { exact: true }).fill('PLAIN_HTML');
  await page.locator('[name=value]').fill('first');
  await page.getByRole('button', { name: 'Create' }).click();
  await expect(row(page, 'PLAIN_HTML')).toBeVisible();

  await page.getByRole('link', { name: 'Edit PLAIN_HTML' }).click();
  await page.getByRole('link', { name: 'New version' }).click();
  await page.locator('[name=value]').fill('second');
  await page.getByRole('button', { name: 'Save' }).click();
  expect(await api.value('PLAIN_HTML')).toBe('second');

  await page.goto(`${secretsUrl}?open=PLAIN_HTML`);
  await page.getByRole('link', { name: 'Delete…' }).click();
  await page.getByRole('button', { name: 'Delete' }).click();
  await expect(row(page, 'PLAIN_HTML')).toHaveCount(0);
  await page.goto(`${secretsUrl}?deleted`);
  await page.locator('tr', { hasText: 'PLAIN_HTML' }).getByRole('button', { name: 'Undelete' }).click();
  expect(await api.value('PLAIN_HTML')).toBe('second');
});

test('a refused form comes back with what was typed and without the value', async ({ page }) => {
  await page.goto(`${secretsUrl}?new`);
  await page.getByLabel('Key', { exact: true }).fill('9bad');
  await page.locator('[name=value]').fill('never-in-a-page');
  await page.getByRole('button', { name: 'Create' }).click();
  await expect(page.getByLabel('Key', { exact: true })).toHaveValue('9bad');
  await expect(page.getByText('A key starts with a letter')).toBeVisible();
  expect(await page.content()).not.toContain('never-in-a-page');
  expect(page.url()).not.toContain('never-in-a-page');
});

test('a config is edited in the environment grid, and promoted after a preview', async ({ page, api }) => {
  const at = (environment: string) => `/projects/shop/services/checkout-api/configs?environment=${environment}`;
  await api.call('POST', at('develop'), { key: 'PLAIN_GRID', value: 1 });
  await page.goto('/t/acme/projects/shop/grid?service=checkout-api&q=PLAIN_GRID');
  await page.getByRole('link', { name: 'Edit PLAIN_GRID in develop' }).click();
  await page.getByLabel('Value in develop').fill('2');
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByLabel('Select PLAIN_GRID').check();
  await page.getByRole('button', { name: 'Preview' }).click();
  await expect(page.getByRole('dialog')).toContainText('1 new');
  await page.getByRole('dialog').getByRole('button', { name: 'Promote 1 config' }).click();
  await expect(page.getByText('1 key promoted from develop to live')).toBeVisible();
  const live = await api.call('GET', '/projects/shop/services/checkout-api/configs/PLAIN_GRID');
  expect(live.value).toBe(2);
});

test('what needs JavaScript says so', async ({ page }) => {
  await page.goto(secretsUrl);
  await expect(page.getByText('Without JavaScript')).toBeVisible();
});

const flagsUrl = '/t/acme/projects/shop/live/checkout-api/flags';
const flagsPath = '/projects/shop/services/checkout-api/flags';

test('a flag is made, switched, given a rule, explained and tried', async ({ page, api }) => {
  await page.goto(`${flagsUrl}?new`);
  await page.getByLabel('Key', { exact: true }).fill('plain-flag');
  await page.getByRole('button', { name: 'Create' }).click();
  await row(page, 'plain-flag').getByRole('switch').click();
  await expect(row(page, 'plain-flag').getByRole('switch')).toHaveAttribute('aria-checked', 'true');
  await page.getByRole('button', { name: 'Undo' }).click();
  await expect(row(page, 'plain-flag').getByRole('switch')).toHaveAttribute('aria-checked', 'false');

  await page.getByRole('link', { name: 'Edit plain-flag' }).click();
  await page.getByRole('link', { name: 'Edit', exact: true }).click();
  await page.getByRole('radio', { name: 'on', exact: true }).check({ force: true });
  await page.getByRole('button', { name: 'Add a rule' }).click();
  await expect(page.getByText('nothing is saved yet')).toBeVisible();
  await expect(page.getByRole('radio', { name: 'on', exact: true })).toBeChecked();
  await page.getByLabel('Attribute 1 of rule 1').fill('plan');
  await page.getByLabel('Value 1 of rule 1').fill('pro');
  await page.getByRole('button', { name: 'Add a rule' }).click();
  await expect(page.getByLabel('Value 1 of rule 1')).toHaveValue('pro');
  await page.getByRole('button', { name: 'Remove rule 2' }).click();
  await page.getByLabel('To how many (%)').first().fill('many');
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByText(/at most 3 decimals/)).toBeVisible();
  await page.getByLabel('To how many (%)').first().fill('100');
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(row(page, 'plain-flag')).toContainText('1 rule');
  expect((await api.call('GET', `${flagsPath}/plain-flag`)).rules).toHaveLength(1);

  await page.getByRole('link', { name: 'Explain' }).click();
  await page.getByLabel('Targeting key').fill('user-1');
  await page.getByLabel('Attributes').fill('plan = pro');
  await page.getByRole('button', { name: 'Explain' }).click();
  await expect(page.getByText('Rule rule-1 matches.')).toBeVisible();
  await page.goto('/t/acme/projects/shop/tester');
  await page.getByLabel('Environment and service').selectOption('live/checkout-api');
  await page.getByRole('button', { name: 'Run', exact: true }).click();
  await expect(page.locator('tr', { hasText: 'plain-flag' })).toContainText('DEFAULT');
});
