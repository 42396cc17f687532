// The Secrets tab by mouse: every item that it promises.

import { readFileSync } from 'node:fs';
import { expect, open, owner, row, secretsUrl, signIn, test } from './support/nexus';

test.beforeEach(async ({ page }) => signIn(page));

test('a new secret appears highlighted without a reload and the count grows', async ({ page }) => {
  await open(page, secretsUrl);
  await page.evaluate(() => ((window as unknown as { mark: number }).mark = 1));
  const tab = page.getByRole('link', { name: /^Secrets/ });
  const before = Number(/\d+/.exec(await tab.innerText())?.[0] ?? 0);
  await page.getByRole('link', { name: 'New Secret' }).first().click();
  await page.getByLabel('Key', { exact: true }).fill('FIRST');
  await page.locator('[name=value]').fill('one');
  await page.getByLabel('Description').fill('The very first');
  await page.getByRole('button', { name: 'Create' }).click();
  await expect(row(page, 'FIRST')).toHaveClass(/created/);
  await expect(tab).toContainText(String(before + 1));
  expect(await page.evaluate(() => (window as unknown as { mark: number }).mark)).toBe(1);
});

test('the value is masked until the eye shows it, and the generator fills it', async ({ page }) => {
  await open(page, `${secretsUrl}?new`);
  const value = page.locator('[name=value]');
  await expect(value).toHaveAttribute('type', 'password');
  await page.getByRole('button', { name: 'Generate a value' }).click();
  await page.getByLabel('Length').fill('48');
  await page.getByRole('button', { name: 'Show the value' }).click();
  await expect(page.locator('[name=value]')).toHaveValue(/^[A-Za-z0-9]{48}$/);
});

test('what is wrong with a key stands at its field and what was typed stays', async ({ page }) => {
  await open(page, `${secretsUrl}?new`);
  await page.getByLabel('Key', { exact: true }).fill('9 lives');
  await page.locator('[name=value]').fill('kept');
  await page.getByRole('button', { name: 'Create' }).click();
  await expect(page.getByLabel('Key', { exact: true })).toHaveAttribute('aria-invalid', 'true');
  await expect(page.locator('[name=value]')).toHaveValue('kept');
});

test('a key that exists is refused at its field', async ({ page, api }) => {
  await api.secret('TAKEN', 'x');
  await open(page, `${secretsUrl}?new`);
  await page.getByLabel('Key', { exact: true }).fill('TAKEN');
  await page.locator('[name=value]').fill('y');
  await page.getByRole('button', { name: 'Create' }).click();
  await expect(page.getByText('This key exists already')).toBeVisible();
});

test('a file is chosen, stored and downloaded again', async ({ page }) => {
  await open(page, `${secretsUrl}?new`);
  await page.getByLabel('Key', { exact: true }).fill('TLS_CERT');
  await page.getByRole('radio', { name: 'file' }).check({ force: true });
  await page.locator('input[type=file]').setInputFiles({ name: 'cert.pem', mimeType: 'text/plain', buffer: Buffer.from([0, 1, 255]) });
  await page.getByRole('button', { name: 'Create' }).click();
  await expect(row(page, 'TLS_CERT')).toContainText('file');
  await page.getByRole('link', { name: 'Edit TLS_CERT' }).click();
  const download = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Download the file' }).click();
  expect([...readFileSync(await (await download).path())]).toEqual([0, 1, 255]);
});

test('revealing shows the value, is audited, and ends when the row closes', async ({ page, api }) => {
  await api.secret('REVEALED', 'the-open-value');
  await open(page, `${secretsUrl}?open=REVEALED`);
  await expect(page.getByText('the-open-value')).toHaveCount(0);
  await page.getByRole('button', { name: 'Reveal the value' }).click();
  await expect(page.getByText('the-open-value')).toBeVisible();
  await page.getByRole('link', { name: 'Edit REVEALED' }).click();
  await expect(page.getByText('the-open-value')).toHaveCount(0);
  const rows = (await api.call('GET', '/audit?event=secret.reveal')).data;
  expect(rows[0]).toMatchObject({ target: 'REVEALED', actor: owner.email });
});

test('a value hides again after thirty seconds', async ({ page, api }) => {
  await api.secret('FLEETING', 'soon-hidden');
  await page.clock.install();
  await page.goto(`${secretsUrl}?open=FLEETING`);
  await page.clock.runFor(1000);
  await page.getByRole('button', { name: 'Reveal the value' }).click();
  await expect(page.getByText('soon-hidden')).toBeVisible();
  for (let second = 0; second < 31; second++) await page.clock.runFor(1000);
  await expect(page.getByText('soon-hidden')).toHaveCount(0);
});

test('a reveal after the sign-in has aged asks for the password and goes on by itself', async ({ page, api }) => {
  await api.secret('STEPPED', 'after-the-password');
  await open(page, `${secretsUrl}?open=STEPPED`);
  let aged = true;
  await page.route('**/_fn/reveal_secret', async (route) => {
    const refusal = { code: 'step_up_required', message: 'Confirm that it is you' };
    if (aged) await route.fulfill({ status: 403, json: refusal });
    else await route.continue();
    aged = false;
  });
  await page.getByRole('button', { name: 'Reveal the value' }).click();
  await page.getByRole('dialog').getByLabel('Password').fill(owner.password);
  await page.getByRole('button', { name: 'Continue' }).click();
  await expect(page.getByText('after-the-password')).toBeVisible();
});

test('a new version becomes ACTIVE and the history keeps both', async ({ page, api }) => {
  await api.secret('VERSIONED', 'v-one');
  await open(page, `${secretsUrl}?open=VERSIONED`);
  await page.getByRole('link', { name: 'New version' }).click();
  await page.locator('[name=value]').fill('v-two');
  await page.getByLabel('Description').fill('Rotated after Q2 audit');
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(row(page, 'VERSIONED')).toContainText('v2');
  await expect(page.getByText('Rotated after Q2 audit')).toBeVisible();
  expect(await api.value('VERSIONED')).toBe('v-two');
});

test('restoring says that a new version will be made, and makes it', async ({ page, api }) => {
  await api.secret('RESTORED', 'old');
  await api.version('RESTORED', 'new', 'second');
  await open(page, `${secretsUrl}?open=RESTORED`);
  await page.getByRole('link', { name: 'Restore v1' }).click();
  await expect(page.getByRole('dialog')).toContainText('v3');
  await page.getByRole('dialog').getByRole('button', { name: /Restore/ }).click();
  await expect(row(page, 'RESTORED')).toContainText('v3');
  expect(await api.value('RESTORED')).toBe('old');
});

test('two versions are compared line by line', async ({ page, api }) => {
  await api.secret('COMPARED', 'same\nbefore');
  await api.version('COMPARED', 'same\nafter', '');
  await open(page, `${secretsUrl}?open=COMPARED`);
  await page.getByRole('button', { name: 'Compare v1 with the active one' }).click();
  const comparison = page.getByRole('dialog');
  await expect(comparison).toContainText('before');
  await expect(comparison).toContainText('after');
});

test('a destroyed version keeps its number and loses its value', async ({ page, api }) => {
  await api.secret('BURNT', 'gone-for-good');
  await api.version('BURNT', 'kept', '');
  await open(page, `${secretsUrl}?open=BURNT`);
  await page.getByRole('link', { name: 'Destroy v1' }).click();
  const dialog = page.getByRole('dialog');
  const typed = dialog.getByLabel(/to confirm/);
  if (await typed.count()) await typed.fill((await typed.evaluate((it) => it.closest('.field')?.querySelector('label')?.textContent ?? '')).replace(/^Type | to confirm$/g, ''));
  await dialog.getByRole('button', { name: /Destroy/ }).click();
  await expect(page.getByText('DESTROYED', { exact: true })).toBeVisible();
});

test('renaming, note and tags keep the history', async ({ page, api }) => {
  await api.secret('OLD_NAME', 'x');
  await open(page, `${secretsUrl}?open=OLD_NAME`);
  await page.getByRole('link', { name: 'Rename, note, tags' }).click();
  await page.getByLabel('Key', { exact: true }).fill('NEW_NAME');
  await page.getByLabel('Note').fill('Owned by payments');
  await page.getByLabel('Tags').fill('payments, quarterly');
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(row(page, 'NEW_NAME')).toContainText('quarterly');
  await expect(row(page, 'OLD_NAME')).toHaveCount(0);
});

test('a deleted secret can be undone, and undeleted later', async ({ page, api }) => {
  await api.secret('DELETED', 'still-there');
  await open(page, `${secretsUrl}?open=DELETED`);
  await page.getByRole('link', { name: 'Delete…' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
  await expect(row(page, 'DELETED')).toHaveCount(0);
  await page.getByRole('link', { name: 'Deleted secrets' }).click();
  await page.locator('tr', { hasText: 'DELETED' }).getByRole('button', { name: 'Undelete' }).click();
  await expect.poll(() => api.value('DELETED')).toBe('still-there');
});

test('an inherited secret is read-only, opens its umbrella, and is overridden here', async ({ page, api }) => {
  await api.secret('SHARED_URL', 'from-the-umbrella', 'shared');
  await open(page, `${secretsUrl}?open=SHARED_URL`);
  await expect(row(page, 'SHARED_URL')).toContainText('INHERITED');
  await expect(page.getByRole('link', { name: 'New version' })).toHaveCount(0);
  await page.getByRole('link', { name: 'Open umbrella' }).click();
  await expect(page).toHaveURL(/\/shared\/secrets\?open=SHARED_URL/);
  await open(page, `${secretsUrl}?open=SHARED_URL`);
  await page.getByRole('link', { name: 'Override here' }).click();
  await expect(page.getByLabel('Key', { exact: true })).toHaveValue('SHARED_URL');
  await page.locator('[name=value]').fill('own');
  await page.getByRole('button', { name: 'Create' }).click();
  await expect(row(page, 'SHARED_URL')).toContainText('OVERRIDES');
});

test('filters and search narrow the list', async ({ page, api }) => {
  await api.secret('NEEDLE_KEY', 'x');
  await open(page, `${secretsUrl}?source=own`);
  await page.getByLabel('Search secrets').fill('needle');
  await expect(page).toHaveURL(/q=needle/);
  await expect(page.locator('tr[data-key]')).toHaveCount(1);
  await page.getByRole('link', { name: /^Inherited/ }).click();
  await expect(page.locator('tr[data-key]')).toHaveCount(0);
});

test('an import is previewed and then written as a whole', async ({ page, api }) => {
  await api.secret('KEEP', 'same');
  await open(page, `${secretsUrl}?import`);
  await page.getByLabel('Text').fill('KEEP=same\nADDED=new-value\nbad key=1');
  await page.getByRole('button', { name: 'Preview' }).click();
  const preview = page.getByRole('region', { name: 'Preview' });
  await expect(preview).toContainText('1 new · 1 unchanged · 1 invalid');
  await page.getByLabel('Text').fill('KEEP=same\nADDED=new-value');
  await page.getByRole('dialog').getByRole('button', { name: 'Import' }).click();
  await expect(row(page, 'ADDED')).toBeVisible();
  expect(await api.value('ADDED')).toBe('new-value');
});

test('an export downloads every value in the format that was chosen', async ({ page, api }) => {
  await api.secret('EXPORTED', '$HOME "x"');
  await api.secret('exported.twice', 'one');
  await api.secret('exported-twice', 'two');
  const expected: [string, string, string][] = [
    ['.env', 'env', "EXPORTED='$HOME \"x\"'\n"],
    ['JSON', 'json', '"EXPORTED": "$HOME \\"x\\""'],
    ['YAML', 'yaml', '"EXPORTED": "$HOME \\"x\\""'],
  ];
  for (const [label, ending, line] of expected) {
    await open(page, `${secretsUrl}?export`);
    await expect(page.getByRole('dialog')).toContainText('would all be the environment variable exported_twice');
    await page.getByRole('radio', { name: label }).check({ force: true });
    const download = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Download' }).click();
    expect((await download).suggestedFilename()).toBe(`checkout-api.live.${ending}`);
    expect(readFileSync(await (await download).path(), 'utf8')).toContain(line);
  }
});

test('of two people at once the second is told, loses nothing, and decides', async ({ page, api }) => {
  await api.secret('CONTESTED', 'first');
  await open(page, `${secretsUrl}?open=CONTESTED`);
  await page.getByRole('link', { name: 'New version' }).click();
  await page.locator('[name=value]').fill('mine');
  await api.version('CONTESTED', 'theirs', 'faster');
  await page.getByRole('button', { name: 'Save' }).click();
  const told = page.getByRole('alert').filter({ hasText: 'changed this' });
  await expect(told).toContainText('v2');
  await expect(page.locator('[name=value]')).toHaveValue('mine');
  await page.getByRole('button', { name: 'Save mine as v3' }).click();
  await expect(row(page, 'CONTESTED')).toContainText('v3');
  expect(await api.value('CONTESTED')).toBe('mine');
});
