// Tiers in the browser: what a project has, what it uses, and what it says before there is no room.

import { expect, open, row, signIn, test, type Api } from './support/nexus';

const settings = '/t/acme/projects/small/settings';
const secrets = '/t/acme/projects/small/develop/api/secrets';
const api_path = '/projects/small/services/api';

/** Project Small with `api` in develop and `count` secrets in it. */
async function small(api: Api, tier: string, count: number): Promise<void> {
  await api.call('POST', '/projects', { name: 'Small', tier });
  await api.call('POST', '/projects/small/services', { name: 'api', kind: 'backend', environment: 'develop' });
  for (let n = 1; n <= count; n++) {
    const key = `S${String(n).padStart(2, '0')}`;
    await api.call('POST', `${api_path}/secrets?environment=develop`, { key, value: 'v' });
  }
}

test.beforeEach(async ({ page }) => signIn(page));
test.afterEach(async ({ api }) => api.call('DELETE', '/projects/small'));

test('usage stands against each quota, and a lower tier says what it makes read-only', async ({ page, api }) => {
  await small(api, 'xl', 21);
  await open(page, settings);
  await expect(page.getByRole('region', { name: 'Usage' })).toContainText('21, no limit');
  await page.getByRole('link', { name: 'Change to tier free' }).click();
  const dialog = page.getByRole('dialog');
  await expect(dialog).toContainText('The newest 1 of 21 secrets become read-only');
  await dialog.getByRole('button', { name: 'Change the tier' }).click();
  await expect(page.getByRole('region', { name: 'Usage' })).toContainText('1 READ-ONLY');
  await expect(page.getByRole('meter', { name: 'Secrets: 21 of 20' })).toBeVisible();
  expect((await api.call('GET', '/projects/small')).tier).toBe('free');

  await open(page, `${secrets}?open=S21`);
  await expect(row(page, 'S21')).toContainText('READ-ONLY');
  await expect(page.getByText('Read-only: tier free allows 20 secrets')).toBeVisible();
  await expect(page.getByRole('link', { name: 'New version' })).toHaveCount(0);
  await expect(row(page, 'S20')).not.toContainText('READ-ONLY');
  await page.getByRole('link', { name: 'Delete…' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
  await expect(row(page, 'S21')).toHaveCount(0);
});

test('a form says it before it is filled in', async ({ page, api }) => {
  await small(api, 'free', 20);
  await open(page, `${secrets}?new`);
  const form = page.getByRole('region', { name: 'New secret' });
  await expect(form).toContainText('Tier free allows 20 secrets and they are used up; tier xs allows more');
  await open(page, '/t/acme/projects/small?new=service');
  const environment = page.getByLabel('Environment');
  await expect(environment).toHaveValue('develop');
  await expect(environment).toContainText('(needs tier xs)');
  await api.call('POST', '/projects/small/services', { name: 'b', kind: 'frontend', environment: 'develop' });
  await api.call('POST', '/projects/small/services', { name: 'c', kind: 'frontend', environment: 'develop' });
  await open(page, '/t/acme/projects/small?new=service');
  await expect(page.getByText('Tier free allows 3 services and they are used up')).toBeVisible();
});

test('an add-on is added and removed', async ({ page, api }) => {
  await small(api, 's', 0);
  await open(page, settings);
  const addons = page.getByRole('region', { name: 'Add-ons' });
  await addons.getByRole('button', { name: 'Add A/B testing' }).click();
  await expect(addons).toContainText('ACTIVE');
  await addons.getByRole('button', { name: 'Remove A/B testing' }).click();
  await expect(addons.getByRole('button', { name: 'Add A/B testing' })).toBeVisible();
});

test.describe('without JavaScript', () => {
  test.use({ javaScriptEnabled: false });

  test('tier and add-ons are changed by forms', async ({ page, api }) => {
    await small(api, 's', 0);
    await page.goto(settings);
    await page.getByRole('button', { name: 'Add Security' }).click();
    await expect(page.getByRole('button', { name: 'Remove Security' })).toBeVisible();
    await page.getByRole('link', { name: 'Change to tier m' }).click();
    await expect(page.getByText('Nothing becomes read-only')).toBeVisible();
    await page.getByRole('button', { name: 'Change the tier' }).click();
    expect((await api.call('GET', '/projects/small')).tier).toBe('m');
    await page.goto(`${secrets}?new`);
    await expect(page.getByRole('region', { name: 'New secret' })).toBeVisible();
  });
});
