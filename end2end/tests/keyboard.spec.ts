// The console from the keyboard alone.

import { expect, open, row, secretsUrl, signIn, test } from './support/nexus';

test.beforeEach(async ({ page }) => signIn(page));

test('n opens the form, Enter creates, and the focus is on the new row', async ({ page }) => {
  await open(page, secretsUrl);
  await page.keyboard.press('n');
  await expect(page.getByLabel('Key', { exact: true })).toBeFocused();
  await page.keyboard.type('TYPED');
  await page.keyboard.press('Tab');
  await page.keyboard.type('by hand');
  await page.keyboard.press('Enter');
  await expect(row(page, 'TYPED')).toBeVisible();
  await expect(row(page, 'TYPED').getByRole('link', { name: 'TYPED', exact: true })).toBeFocused();
});

test('Esc leaves the form', async ({ page }) => {
  await open(page, `${secretsUrl}?new`);
  await page.keyboard.press('Escape');
  await expect(page.getByLabel('Key', { exact: true })).toHaveCount(0);
});

test('j and k walk the rows and e opens one', async ({ page, api }) => {
  await api.secret('A_ROW', '1');
  await api.secret('B_ROW', '2');
  await open(page, `${secretsUrl}?q=_ROW`);
  await page.keyboard.press('j');
  await page.keyboard.press('j');
  await page.keyboard.press('e');
  await expect(page).toHaveURL(/open=B_ROW/);
  await page.keyboard.press('Escape');
  await expect(page).not.toHaveURL(/open=/);
});

test('/ searches', async ({ page, api }) => {
  await api.secret('SEARCHED', '1');
  await open(page, secretsUrl);
  await page.keyboard.press('/');
  await page.keyboard.type('searched');
  await expect(page.locator('tr[data-key]')).toHaveCount(1);
});

test('the palette goes to a service', async ({ page }) => {
  await open(page, '/t/acme/projects');
  await page.keyboard.press('Control+k');
  await page.keyboard.type('storefront');
  await expect(page.getByRole('option').first()).toContainText('storefront');
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(/storefront/);
});

test('? lists the shortcuts', async ({ page }) => {
  await open(page, '/t/acme/projects');
  await page.keyboard.press('?');
  await expect(page.getByRole('dialog')).toContainText('Search');
});
