// A new person accepts an invitation with a provider of the instance: no password is made up.

import { expect, isIn, open, signIn } from './support/nexus';
import { testWithProvider } from './support/provider';

const test = testWithProvider();

test('whoever a provider vouches for signs up with it, and signs in with it from then on', async ({ page }) => {
  await signIn(page);
  await open(page, '/t/acme/members/invitations?new');
  await page.getByLabel('Addresses').fill('eve@corp.test');
  await page.getByRole('button', { name: 'Invite' }).click();
  await page.getByRole('link', { name: 'Copy a link for eve@corp.test' }).click();
  await page.getByRole('button', { name: 'Make a link' }).click();
  const link = await page.getByRole('dialog').locator('code').innerText();

  await page.context().clearCookies();
  await open(page, new URL(link).pathname);
  await page.getByRole('button', { name: 'Continue with Theirs' }).click();
  await expect(page.getByText('The provider knows you as eve@corp.test')).toBeVisible();
  await page.getByRole('button', { name: 'Sign up and accept' }).click();
  await isIn(page);

  await page.context().clearCookies();
  await open(page, '/sign-in');
  await page.getByRole('button', { name: 'Continue with Theirs' }).click();
  await expect(page).toHaveURL(/\/t\/acme\/projects/);
});
