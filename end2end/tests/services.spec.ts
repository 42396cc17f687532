// Projects, services, umbrellas, developer environments, keys and the audit log in the browser.

import { expect, open, owner, service, signIn, test } from './support/nexus';

const project = '/t/acme/projects/shop';
const keysUrl = `${project}/live/${service.name}/keys`;

test.beforeEach(async ({ page }) => signIn(page));

test('services are grouped by environment, live first', async ({ page }) => {
  await open(page, project);
  const text = await page.locator('main').innerText();
  expect(text.indexOf('Production')).toBeGreaterThan(-1);
  expect(text.indexOf('Production')).toBeLessThan(text.indexOf('Develop'));
});

test('the environment control goes to the counterpart, which is amber', async ({ page }) => {
  await open(page, `${project}/live/${service.name}/secrets`);
  await page.locator('summary', { hasText: 'Production' }).click();
  await page.getByRole('link', { name: /develop/i }).click();
  await expect(page).toHaveURL(/\/develop\/checkout-api\//);
});

test('a developer environment is made, filled from develop, and deleted', async ({ page, api }) => {
  const develop = `/projects/shop/services/${service.name}/secrets?environment=develop`;
  await api.call('POST', develop, { key: 'FROM_DEVELOP', value: 'copied' });
  await open(page, project);
  await page.getByRole('switch', { name: 'Dev envs' }).or(page.getByRole('link', { name: 'Dev envs' })).first().click();
  await expect(page).toHaveURL(/dev_envs=true/);
  await page.getByRole('button', { name: 'Make mine' }).click();
  await expect(page.getByText('YOURS', { exact: true })).toBeVisible();
  await page.getByRole('link', { name: /Import develop/ }).click();
  await page.getByRole('dialog').getByRole('button', { name: /Import/ }).click();
  await expect(page.getByRole('dialog')).toHaveCount(0);
  await expect(page.locator('main')).toContainText('dev_ana');
  await open(page, `${project}/dev_ana/${service.name}/secrets`);
  await expect(page.locator('tr[data-key="FROM_DEVELOP"]')).toBeVisible();
  await open(page, `${project}?dev_envs=true&confirm=delete-dev`);
  await expect(page.getByRole('dialog')).toContainText('1 service');
  await page.getByRole('dialog').getByRole('button', { name: 'Delete it' }).click();
  await expect(page.getByRole('button', { name: 'Make mine' })).toBeVisible();
});

test('a frontend service has no Secrets tab', async ({ page }) => {
  await open(page, `${project}/live/storefront`);
  await expect(page).toHaveURL(/storefront\/configs/);
  await expect(page.getByRole('link', { name: /^Secrets/ })).toHaveCount(0);
});

test('an umbrella with links names them and is not deleted', async ({ page }) => {
  await open(page, `${project}/live/shared/settings`);
  await expect(page.locator('main')).toContainText(service.name);
});

test('a key is made, works, is rotated with overlap, and revoked', async ({ page, request, nexus }) => {
  const read = (key: string) => request.get(`${nexus.url}/v1/sync`, { headers: { authorization: `Bearer ${key}` } });
  const take = async () => {
    const key = await page.locator('.new-key code').innerText();
    await page.getByRole('button', { name: 'I have copied it' }).click();
    return key;
  };
  await open(page, keysUrl);
  await page.getByRole('link', { name: 'Make a key' }).first().click();
  await page.getByRole('button', { name: 'Make the key' }).click();
  const first = await take();
  expect((await read(first)).status()).toBe(200);
  await page.getByRole('link', { name: 'Rotate' }).first().click();
  await page.getByRole('dialog').getByRole('button', { name: 'Rotate' }).click();
  const second = await take();
  expect([(await read(first)).status(), (await read(second)).status()]).toEqual([200, 200]);
  await page.getByRole('link', { name: 'Revoke' }).first().click();
  await page.getByRole('dialog').getByRole('button', { name: 'Revoke' }).click();
  await expect(page.getByText('No key in this slot')).toHaveCount(2);
  expect([(await read(first)).status(), (await read(second)).status()]).toEqual([401, 401]);
});

test('the audit log is filtered and its chain verified', async ({ page }) => {
  await open(page, '/t/acme/audit');
  await page.getByLabel('Events').selectOption('service.');
  await page.getByRole('button', { name: 'Filter' }).click();
  await expect(page).toHaveURL(/event=service\./);
  await expect(page.getByText('service.created').first()).toBeVisible();
  await expect(page.getByText('secret.list')).toHaveCount(0);
  await page.getByRole('button', { name: 'Verify chain' }).or(page.getByRole('link', { name: 'Verify chain' })).click();
  await expect(page.getByText(/whole|intact|rows/i).first()).toBeVisible();
});

test('the API log shows who asked, is filtered, and says when nothing fits', async ({ page, api, nexus }) => {
  await api.call('GET', '/whoami');
  const rows = page.locator('[data-row]');
  const asked = rows.filter({ hasText: '/api/v1/whoami' }).filter({ hasText: nexus.apiKey.slice(0, 12) });
  await expect(async () => {
    await open(page, '/t/acme/api-log');
    await expect(asked.first()).toBeVisible({ timeout: 500 });
  }).toPass();
  await page.getByLabel('Key', { exact: true }).fill(owner.email);
  await page.getByLabel('Method').selectOption('GET');
  await page.getByRole('button', { name: 'Filter' }).click();
  await expect(page).toHaveURL(/method=GET/);
  await expect(asked).toHaveCount(0);
  await expect(rows.filter({ hasText: '/t/{tenant}/projects' }).first()).toBeVisible();
  await page.getByLabel('Answer').selectOption('5xx');
  await page.getByRole('button', { name: 'Filter' }).click();
  await expect(page.getByText('No request fits this filter')).toBeVisible();
  await page.getByRole('link', { name: 'Clear' }).click();
  await expect(asked.first()).toBeVisible();
});

test('signing out ends the session on the server', async ({ page }) => {
  await open(page, '/t/acme/projects');
  const cookies = await page.context().cookies();
  await page.locator('summary[aria-label], summary').filter({ hasText: /^AN$/ }).click();
  await page.getByRole('button', { name: 'Sign out' }).click();
  await expect(page.getByRole('heading', { name: 'Sign in' })).toBeVisible();
  await page.context().addCookies(cookies);
  await page.goto('/t/acme/projects');
  await expect(page).toHaveURL(/\/sign-in/);
});

test('a wrong password and an unknown address get the same answer', async ({ page }) => {
  const answers: string[] = [];
  for (const email of [owner.email, 'nobody@acme.test']) {
    await page.context().clearCookies();
    await open(page, '/sign-in');
    await page.getByLabel('Email').fill(email);
    await page.getByLabel('Password').fill('not-the-password');
    await page.getByRole('button', { name: 'Sign in' }).click();
    answers.push(await page.getByRole('alert').filter({ hasText: /./ }).first().innerText());
  }
  expect(answers[0]).toBe(answers[1]);
});
