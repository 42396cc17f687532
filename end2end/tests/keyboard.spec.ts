// The console from the keyboard alone.

import type { Locator, Page } from '@playwright/test';
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

test('the palette finds a secret by a part of its key', async ({ page, api }) => {
  await api.secret('HIDDEN_AWAY', '1');
  await open(page, '/t/acme/projects');
  await page.keyboard.press('Control+k');
  await page.keyboard.type('den_aw');
  await expect(page.getByRole('option').first()).toContainText('HIDDEN_AWAY');
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(/open=HIDDEN_AWAY/);
  await expect(page.getByRole('button', { name: 'Reveal the value' })).toBeVisible();
});

test('? lists the shortcuts', async ({ page }) => {
  await open(page, '/t/acme/projects');
  await page.keyboard.press('?');
  await expect(page.getByRole('dialog')).toContainText('Search');
});

/** Goes to a control with the Tab key alone. */
async function tabTo(page: Page, control: Locator): Promise<void> {
  await control.waitFor();
  for (let step = 0; step < 120; step++) {
    if (await control.evaluate((it) => it === document.activeElement)) return;
    await page.keyboard.press('Tab');
  }
  throw new Error(`the Tab key never comes to ${control}`);
}

/** Tabs to a control and presses it. */
async function press(page: Page, control: Locator): Promise<void> {
  await tabTo(page, control);
  await page.keyboard.press('Enter');
}

test('a secret is revealed, changed, restored, compared and destroyed without a mouse', async ({ page, api }) => {
  await api.secret('BY_KEYS', 'first-value');
  await open(page, `${secretsUrl}?open=BY_KEYS`);
  await press(page, page.getByRole('button', { name: 'Reveal the value' }));
  await expect(page.getByText('first-value')).toBeVisible();

  await press(page, page.getByRole('link', { name: 'New version' }));
  await expect(page.locator('[name=value]')).toBeFocused();
  await page.keyboard.type('second-value');
  await page.keyboard.press('Enter');
  await expect(row(page, 'BY_KEYS')).toContainText('v2');

  await press(page, page.getByRole('link', { name: 'Restore v1' }));
  await press(page, page.getByRole('dialog').getByRole('button', { name: /Restore/ }));
  await expect(row(page, 'BY_KEYS')).toContainText('v3');
  expect(await api.value('BY_KEYS')).toBe('first-value');

  await press(page, page.getByRole('button', { name: 'Compare v2 with the active one' }));
  await expect(page.getByRole('dialog')).toContainText('second-value');
  await page.keyboard.press('Escape');
  await expect(page.getByRole('dialog')).toHaveCount(0);

  await press(page, page.getByRole('link', { name: 'Destroy v2' }));
  await expect(page.getByRole('dialog').getByLabel(/to confirm/)).toBeFocused();
  await page.keyboard.type('v2');
  await page.keyboard.press('Enter');
  await expect(page.getByText('DESTROYED', { exact: true })).toBeVisible();
});

test('a secret is renamed, deleted and brought back without a mouse', async ({ page, api }) => {
  await api.secret('BEFORE', 'kept');
  await open(page, `${secretsUrl}?open=BEFORE`);
  await press(page, page.getByRole('link', { name: 'Rename, note, tags' }));
  await tabTo(page, page.getByLabel('Key', { exact: true }));
  await page.keyboard.press('Control+a');
  await page.keyboard.type('AFTER');
  await page.keyboard.press('Enter');
  await expect(row(page, 'AFTER')).toBeVisible();
  await open(page, `${secretsUrl}?open=AFTER`);
  await press(page, page.getByRole('link', { name: 'Delete…' }));
  await press(page, page.getByRole('dialog').getByRole('button', { name: 'Delete' }));
  await expect(row(page, 'AFTER')).toHaveCount(0);
  await press(page, page.getByRole('button', { name: 'Undo' }));
  await expect(row(page, 'AFTER')).toBeVisible();
  expect(await api.value('AFTER')).toBe('kept');
});

test('a secret of the umbrella is overridden without a mouse', async ({ page, api }) => {
  await api.secret('FROM_ABOVE', 'theirs', 'shared');
  await open(page, `${secretsUrl}?open=FROM_ABOVE`);
  await press(page, page.getByRole('link', { name: 'Override here' }));
  await tabTo(page, page.locator('[name=value]'));
  await page.keyboard.type('ours');
  await page.keyboard.press('Enter');
  await expect(row(page, 'FROM_ABOVE')).toContainText('OVERRIDES');
});

test('a text is imported without a mouse', async ({ page }) => {
  await open(page, secretsUrl);
  await press(page, page.getByRole('link', { name: 'Import' }));
  await expect(page.getByLabel('Text')).toBeFocused();
  await page.keyboard.insertText('PASTED=one\nPASTED_TOO=two');
  await press(page, page.getByRole('button', { name: 'Preview' }));
  await expect(page.getByRole('region', { name: 'Preview' })).toContainText('2 new');
  await press(page, page.getByRole('dialog').getByRole('button', { name: 'Import' }));
  await expect(row(page, 'PASTED_TOO')).toBeVisible();
});

test('the focus is not left on nothing after a deletion is undone', async ({ page, api }) => {
  await api.secret('FOCUSED', 'x');
  await open(page, `${secretsUrl}?open=FOCUSED&confirm=delete`);
  await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).press('Enter');
  await page.getByRole('button', { name: 'Undo' }).press('Enter');
  await expect(row(page, 'FOCUSED')).toBeVisible();
  await expect(page.locator('body:has(:focus)')).toHaveCount(1);
});
