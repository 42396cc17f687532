// Signing in with a provider: from the button to the session, with JavaScript and without.

import { faultsOf } from './support/appearance';
import { expect, open, signIn } from './support/nexus';
import { testWithProvider } from './support/provider';

const test = testWithProvider();

test.describe.configure({ mode: 'serial' });

test('a provider is connected to the account, and signs in from then on', async ({ page }) => {
  await signIn(page);
  await open(page, '/account/connections');
  await page.getByRole('button', { name: 'Connect Theirs' }).click();
  await expect(page.getByText('You can sign in with Theirs now')).toBeVisible();
  await expect(page.getByText('eve@corp.test')).toBeVisible();
  expect(await faultsOf(page)).toEqual([]);

  await page.context().clearCookies();
  await open(page, '/sign-in');
  await page.getByRole('button', { name: 'Continue with Theirs' }).click();
  await expect(page).toHaveURL(/\/t\/acme\/projects/);
});

test.describe('without JavaScript', () => {
  test.use({ javaScriptEnabled: false });

  test('the form leads to the provider and back', async ({ page }) => {
    await page.goto('/sign-in?next=%2Ft%2Facme%2Faudit');
    await page.getByRole('button', { name: 'Continue with Theirs' }).click();
    await expect(page).toHaveURL(/\/t\/acme\/audit/);
  });

  test('an owner adds a provider and a domain, and reads what to publish', async ({ page }) => {
    await signIn(page);
    await page.goto('/t/acme/sign-in?new=github');
    await page.getByLabel('Client id').fill('an-id');
    await page.getByLabel('Client secret').fill('never-in-a-page');
    await page.getByRole('button', { name: 'Add', exact: true }).first().click();
    await expect(page.getByText('GitHub', { exact: true }).first()).toBeVisible();
    expect(await page.content()).not.toContain('never-in-a-page');
    await page.getByRole('textbox', { name: 'Domain' }).fill('corp.test');
    await page.getByRole('button', { name: 'Add', exact: true }).last().click();
    await expect(page.getByText('_nexus.corp.test')).toBeVisible();
  });
});
