// The environment grid: gaps and differences, edits in place, comparing secrets, promotion.

import { expect, open, row, service, signIn, test, type Api } from './support/nexus';

const grid = `/t/acme/projects/shop/grid?service=${service.name}`;

const put = (api: Api, what: string, environment: string, body: object) =>
  api.call('POST', `/projects/shop/services/${service.name}/${what}?environment=${environment}`, body);

const value = async (api: Api, key: string, environment: string) =>
  (await api.call('GET', `/projects/shop/services/${service.name}/configs/${key}?environment=${environment}`)).value;

test.beforeEach(async ({ page }) => signIn(page));

test('keys stand down, environments across, and gaps and differences are marked', async ({ page, api }) => {
  await put(api, 'configs', 'develop', { key: 'SEEN', value: 'one' });
  await put(api, 'configs', 'live', { key: 'SEEN', value: 'two' });
  await put(api, 'configs', 'develop', { key: 'GAPPED', value: 'only here' });
  await open(page, '/t/acme/projects/shop');
  await page.getByRole('link', { name: 'Environment grid' }).click();
  await expect(page.getByRole('columnheader')).toHaveText([/Key/, /develop/i, /Production/]);
  await expect(row(page, 'SEEN')).toContainText('DIFFERS');
  await expect(row(page, 'SEEN').getByRole('link', { name: 'SEEN in live', exact: true })).toHaveText('two');
  await expect(row(page, 'GAPPED')).toContainText('Missing');
  await page.getByRole('link', { name: 'Gaps', exact: true }).click();
  await expect(row(page, 'SEEN')).toHaveCount(0);
  await row(page, 'GAPPED').getByRole('link', { name: 'Add here' }).click();
  await expect(page).toHaveURL(/live\/checkout-api\/configs\?new=GAPPED/);
});

test('a config is changed in its cell', async ({ page, api }) => {
  await put(api, 'configs', 'develop', { key: 'EDITED', value: 1 });
  await put(api, 'configs', 'live', { key: 'EDITED', value: 1 });
  await open(page, `${grid}&q=EDITED`);
  await page.getByRole('link', { name: 'Edit EDITED in develop' }).click();
  await page.getByLabel('Value in develop').fill('nonsense');
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByText('This is not a number')).toBeVisible();
  await page.getByLabel('Value in develop').fill('2');
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(row(page, 'EDITED')).toContainText('DIFFERS');
  expect([await value(api, 'EDITED', 'develop'), await value(api, 'EDITED', 'live')]).toEqual([2, 1]);
});

test('selected keys are promoted after a preview', async ({ page, api }) => {
  await put(api, 'configs', 'develop', { key: 'PROMO_NEW', value: 'fresh' });
  await put(api, 'configs', 'develop', { key: 'PROMO_CHANGED', value: 'after' });
  await put(api, 'configs', 'live', { key: 'PROMO_CHANGED', value: 'before' });
  await put(api, 'configs', 'develop', { key: 'PROMO_LEFT', value: 'stays' });
  await open(page, `${grid}&q=PROMO_`);
  await expect(page.getByRole('button', { name: 'Preview' })).toHaveAttribute('aria-disabled', 'true');
  await page.getByLabel('Select PROMO_NEW').check();
  await page.getByLabel('Select PROMO_CHANGED').check();
  await page.getByRole('button', { name: 'Preview' }).click();
  const dialog = page.getByRole('dialog');
  await expect(dialog).toContainText('1 new · 1 changed');
  await expect(dialog.locator('.preview-change').first()).toContainText('before');
  await expect(dialog).toContainText('Production');
  await dialog.getByLabel('Description').fill('Release 7');
  await dialog.getByRole('button', { name: 'Promote 2 configs' }).click();
  await expect(page.getByText('2 keys promoted from develop to live')).toBeVisible();
  await expect(dialog).toHaveCount(0);
  await expect(row(page, 'PROMO_NEW')).not.toContainText('Missing');
  expect(await value(api, 'PROMO_CHANGED', 'live')).toBe('after');
  await expect(row(page, 'PROMO_LEFT')).toContainText('Missing');
});

test('nothing goes while a key cannot', async ({ page, api }) => {
  await put(api, 'configs', 'develop', { key: 'HOST_OF_BAD', value: 'h' });
  await put(api, 'configs', 'develop', { key: 'BAD_URL', value: '{{config:HOST_OF_BAD}}' });
  await open(page, `${grid}&q=BAD_URL`);
  await page.getByLabel('Select BAD_URL').check();
  await page.getByRole('button', { name: 'Preview' }).click();
  await expect(page.getByRole('dialog')).toContainText('1 invalid');
  await expect(page.getByRole('dialog')).toContainText('HOST_OF_BAD');
  await expect(page.getByRole('dialog').getByRole('button', { name: /^Promote/ })).toHaveCount(0);
  await page.keyboard.press('Escape');
  await expect(page.getByRole('dialog')).toHaveCount(0);
});

test('secrets are compared without being shown, and promoted', async ({ page, api }) => {
  await put(api, 'secrets', 'develop', { key: 'CMP_SAME', value: 'never-in-a-page' });
  await put(api, 'secrets', 'live', { key: 'CMP_SAME', value: 'never-in-a-page' });
  await put(api, 'secrets', 'develop', { key: 'CMP_OTHER', value: 'never-in-a-page' });
  await put(api, 'secrets', 'live', { key: 'CMP_OTHER', value: 'something else' });
  await open(page, `${grid}&kind=secret&q=CMP_`);
  await expect(page.getByText('SAME AS')).toHaveCount(0);
  await page.getByRole('button', { name: 'Compare values' }).click();
  await expect(row(page, 'CMP_SAME')).toContainText('SAME AS live');
  await expect(row(page, 'CMP_OTHER')).toContainText('DIFFERS FROM live');
  expect(await page.content()).not.toContain('never-in-a-page');
  await page.getByLabel('Select all keys').check();
  await page.getByRole('button', { name: 'Preview' }).click();
  await expect(page.getByRole('dialog')).toContainText('2 in both');
  await page.getByRole('dialog').getByRole('button', { name: 'Promote 2 secrets' }).click();
  await expect(page.getByText('1 key promoted from develop to live; 1 as they were')).toBeVisible();
  expect(await api.value('CMP_OTHER')).toBe('never-in-a-page');
});

test('a flag is switched in its cell', async ({ page, api }) => {
  await put(api, 'flags', 'develop', { key: 'grid-beta', state: 'on' });
  await put(api, 'flags', 'live', { key: 'grid-beta', state: 'off' });
  await open(page, `${grid}&kind=flag`);
  await expect(row(page, 'grid-beta')).toContainText('DIFFERS');
  await page.getByRole('button', { name: 'Switch off grid-beta in develop' }).click();
  await expect(row(page, 'grid-beta')).not.toContainText('DIFFERS');
  await expect(page.getByRole('button', { name: 'Switch on grid-beta in develop' })).toBeVisible();
});

test('at 390 pixels the grid scrolls inside its own box', async ({ page, api }) => {
  await put(api, 'configs', 'develop', { key: 'NARROW', value: 'x'.repeat(200) });
  await page.setViewportSize({ width: 390, height: 844 });
  await open(page, grid);
  const widths = await page.evaluate(() => {
    const box = document.querySelector('.grid-box');
    return [document.documentElement.scrollWidth, box?.scrollWidth ?? 0, box?.clientWidth ?? 0];
  });
  expect(widths[0]).toBeLessThanOrEqual(390);
  expect(widths[1]).toBeGreaterThan(widths[2]);
});
