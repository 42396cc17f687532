// The Flags tab and the Run Tester page in the browser.

import type { Page } from '@playwright/test';
import { expect, open, row, service, signIn, test, type Api } from './support/nexus';

const flags = '/t/acme/projects/shop/live/checkout-api/flags';
const api_path = `/projects/shop/services/${service.name}/flags`;
const tester = '/t/acme/projects/shop/tester';

test.beforeEach(async ({ page }) => signIn(page));

const make = (api: Api, key: string, definition: object = {}) => api.call('POST', api_path, { key, ...definition });
const read = (api: Api, key: string) => api.call('GET', `${api_path}/${key}`);
const toggle = (page: Page, key: string) => row(page, key).getByRole('switch');
const edit = (page: Page, key: string) => open(page, `${flags}?open=${key}&form=version`);
const save = (page: Page) => page.getByRole('button', { name: 'Save' }).click();

test('a new flag appears in its row, off, on or scheduled', async ({ page, api }) => {
  await open(page, `${flags}?new`);
  await page.getByLabel('Key', { exact: true }).fill('beta');
  await page.getByLabel('Note').fill('The new look');
  await page.keyboard.press('Enter');
  await expect(row(page, 'beta')).toContainText('off for everybody');
  await expect(toggle(page, 'beta')).toHaveAttribute('aria-checked', 'false');

  await open(page, `${flags}?new`);
  await page.getByLabel('Key', { exact: true }).fill('sale');
  await expect(page.getByLabel('On from (UTC)')).toBeHidden();
  await page.getByRole('radio', { name: 'scheduled' }).check({ force: true });
  await page.getByLabel('On from (UTC)').fill('2999-12-01T10:00');
  await page.getByLabel('Off again from (UTC)').fill('2999-11-01T10:00');
  await page.getByRole('button', { name: 'Create' }).click();
  await expect(page.getByText('The end has to be later than the start')).toBeVisible();
  await page.getByLabel('Off again from (UTC)').fill('2999-12-08T10:00');
  await page.getByRole('button', { name: 'Create' }).click();
  await expect(row(page, 'sale')).toContainText('scheduled: on in');
  expect(await read(api, 'sale')).toMatchObject({ state: 'scheduled', starts_at: '2999-12-01T10:00:00.000000Z' });
  await open(page, `${flags}?open=sale`);
  await expect(page.getByRole('img', { name: /On from 1 Dec 2999/ })).toBeVisible();
});

test('the kill switch is one press, and the toast takes it back with the schedule', async ({ page, api }) => {
  await make(api, 'kill', { state: 'scheduled', starts_at: '2020-01-01T00:00:00Z', ends_at: '2999-01-01T00:00:00Z' });
  await open(page, flags);
  await expect(toggle(page, 'kill')).toHaveAttribute('aria-checked', 'true');
  await toggle(page, 'kill').click();
  await expect(toggle(page, 'kill')).toHaveAttribute('aria-checked', 'false');
  await expect(row(page, 'kill')).toContainText('off for everybody');
  expect((await read(api, 'kill')).state).toBe('off');
  await toggle(page, 'kill').click();
  await expect(page.locator('.toast', { hasText: 'kill is on now' })).toBeVisible();
  expect((await read(api, 'kill')).state).toBe('on');
  await page.locator('.toast', { hasText: 'kill is on now' }).getByRole('button', { name: 'Undo' }).click();
  await expect(toggle(page, 'kill')).toHaveAttribute('aria-checked', 'false');
  await expect(page.locator('.toast', { hasText: 'as it was at v2' })).toBeVisible();
  expect((await read(api, 'kill')).starts_at).toBe('2020-01-01T00:00:00.000000Z');
});

test('switching off works whatever happened meanwhile, switching on says what did', async ({ page, api }) => {
  await make(api, 'raced', { state: 'on' });
  await open(page, flags);
  await api.call('PATCH', `${api_path}/raced`, { rollout: { percentage: 5 } });
  await toggle(page, 'raced').click();
  await expect(row(page, 'raced')).toContainText('off for everybody');
  await api.call('PATCH', `${api_path}/raced`, { rollout: { percentage: 6 } });
  await toggle(page, 'raced').click();
  await expect(row(page, 'raced')).toContainText('changed this in the meantime');
  await expect(toggle(page, 'raced')).toHaveAttribute('aria-checked', 'false');
});

test('a rule is put together by the form, moved, and taken away', async ({ page, api }) => {
  await make(api, 'ruled', { state: 'on' });
  await open(page, `${flags}?open=ruled`);
  await page.getByRole('link', { name: 'Edit', exact: true }).click();
  await page.getByRole('button', { name: 'Add a rule' }).click();
  const first = page.getByRole('group', { name: 'Rule 1', exact: true });
  await expect(first.getByLabel('Id')).toBeFocused();
  await first.getByLabel('Id').fill('payers');
  await first.getByLabel('Attribute 1 of rule 1').fill('plan');
  await first.getByLabel('Operator 1 of rule 1').selectOption('in');
  await first.getByLabel('Value 1 of rule 1').fill('pro, team');
  await first.getByRole('button', { name: 'Add a condition' }).click();
  await first.getByLabel('Attribute 2 of rule 1').fill('age');
  await first.getByLabel('Operator 2 of rule 1').selectOption('gte');
  await first.getByLabel('Value 2 of rule 1').fill('18');
  await first.getByLabel('To how many (%)').fill('50');
  await page.getByRole('button', { name: 'Add a rule' }).click();
  await page.getByRole('button', { name: 'Move rule 2 up' }).click();
  await expect(first.getByLabel('Id')).toHaveValue('rule-1');
  await expect(page.getByLabel('Value 1 of rule 2')).toHaveValue('pro, team');
  await page.getByRole('button', { name: 'Remove rule 1' }).click();
  await page.getByLabel('Description').last().fill('Those who pay');
  await save(page);
  await expect(row(page, 'ruled')).toContainText('1 rule');
  const { rules } = await read(api, 'ruled');
  expect(rules).toEqual([
    {
      id: 'payers',
      when: { all: [{ attribute: 'plan', op: 'in', value: ['pro', 'team'] }, { attribute: 'age', op: 'gte', value: 18 }] },
      serve: { percentage: 50 },
    },
  ]);
});

test('what is wrong with a rule stands at its field, and what was typed stays', async ({ page, api }) => {
  await make(api, 'wrong', { state: 'on' });
  await edit(page, 'wrong');
  await page.getByRole('button', { name: 'Add a rule' }).click();
  await page.getByLabel('Attribute 1 of rule 1').fill('email');
  await page.getByLabel('Operator 1 of rule 1').selectOption('matches');
  await page.getByLabel('Value 1 of rule 1').fill('(');
  await save(page);
  await expect(page.getByLabel('Value 1 of rule 1')).toHaveAttribute('aria-invalid', 'true');
  await expect(page.getByLabel('Value 1 of rule 1')).toBeFocused();
  await expect(page.getByLabel('Value 1 of rule 1')).toHaveValue('(');
  await expect(page.getByLabel('Attribute 1 of rule 1')).toHaveValue('email');
  await page.getByLabel('To how many (%)').first().fill('12.3456');
  await save(page);
  await expect(page.getByText(/at most 3 decimals/)).toBeVisible();
});

test('who types on at once after adding a rule keeps the focus', async ({ page, api }) => {
  await make(api, 'quick', { state: 'on' });
  await edit(page, 'quick');
  await page.getByRole('button', { name: 'Add a rule' }).evaluate((button) => {
    (button as HTMLElement).click();
    document.querySelector<HTMLElement>('.detail-form [name=description]')?.focus();
  });
  await page.keyboard.type('typed without waiting', { delay: 10 });
  await expect(page.getByLabel('Description').last()).toHaveValue('typed without waiting');
});

test('variants have a type, and a split deals them out', async ({ page, api }) => {
  await make(api, 'colours', { state: 'on' });
  await edit(page, 'colours');
  await page.getByRole('radio', { name: 'string' }).check({ force: true });
  await page.getByLabel('Name of variant 1').fill('green');
  await page.getByLabel('Value of variant 1').fill('#0f0');
  await page.getByLabel('Name of variant 2').fill('blue');
  await page.getByLabel('Value of variant 2').fill('#00f');
  await page.getByLabel('Gets').selectOption('split');
  await page.getByLabel('Weight of variant 1').fill('3');
  await page.getByLabel('Weight of variant 2').fill('1');
  await save(page);
  await expect(row(page, 'colours')).toContainText('string variants');
  expect(await read(api, 'colours')).toMatchObject({
    variants: [{ name: 'green', value: '#0f0' }, { name: 'blue', value: '#00f' }],
    on_variant: 'green',
    off_variant: 'blue',
    rollout: { split: [{ variant: 'green', weight: 3 }, { variant: 'blue', weight: 1 }] },
  });
});

test('the preview of a rollout follows what is typed', async ({ page, api }) => {
  await make(api, 'rolled', { state: 'off' });
  await edit(page, 'rolled');
  const preview = page.getByRole('region', { name: 'Preview' });
  await expect(preview).toContainText('on1,000');
  await page.getByLabel('Gets').selectOption('the on variant');
  await page.getByLabel('To how many (%)').fill('25');
  await expect(preview).toContainText(/on2[2-8]\d/);
  await page.getByLabel('To how many (%)').fill('250');
  await expect(preview).toContainText('once nothing is wrong');
  await page.getByLabel('To how many (%)').fill('0');
  await expect(preview).toContainText('off1,000');
});

test('a flag explains itself for a context, in an address that can be shared', async ({ page, api }) => {
  const when = { attribute: 'plan', op: 'eq', value: 'pro' };
  await make(api, 'asked', { state: 'on', rules: [{ id: 'payers', when, serve: {} }], rollout: { percentage: 0 } });
  await open(page, `${flags}?open=asked`);
  await page.getByRole('link', { name: 'Explain' }).click();
  await page.getByLabel('Targeting key').fill('user-1');
  await page.getByLabel('Attributes').fill('plan = pro');
  await page.getByRole('button', { name: 'Explain' }).click();
  const answer = page.getByRole('region', { name: 'Answer' });
  await expect(answer).toContainText('TARGETING_MATCH');
  await expect(answer).toContainText('Rule payers matches');
  await page.getByLabel('Attributes').fill('plan');
  await page.getByRole('button', { name: 'Explain' }).click();
  await expect(page.getByText('Line 1 is no attribute')).toBeVisible();
  await open(page, `${flags}?open=asked&form=explain&user=user-2&attributes=plan%3Dfree`);
  await expect(answer).toContainText('does not match: it is "free"');
  await expect(answer).toContainText('SPLIT');
});

test('the JSON view says what is wrong while one types, and saves the whole', async ({ page, api }) => {
  await make(api, 'written', { state: 'on' });
  await open(page, `${flags}?open=written&form=json`);
  const text = page.getByRole('textbox', { name: 'Definition' });
  await text.fill('{"state": "on",}');
  await expect(page.getByText(/Not JSON yet/)).toBeVisible();
  await text.fill('{"state":"on","rules":[{"id":"a","when":{"attribute":"b","op":"in","value":1},"serve":{}}]}');
  await expect(page.getByText('rules[0].when.value')).toBeVisible();
  await save(page);
  await expect(text).toHaveValue(/"op":"in"/);
  await text.fill('{"state":"on","rollout":{"percentage":10}}');
  await page.getByRole('button', { name: 'Format' }).click();
  await expect(text).toHaveValue(/\n {2}"rollout"/);
  await save(page);
  await expect(row(page, 'written')).toContainText('10 %');
});

test('groups inside of groups are read in the form and kept', async ({ page, api }) => {
  const when = { any: [{ all: [{ attribute: 'a', op: 'exists' }, { attribute: 'b', op: 'exists' }] }, { attribute: 'c', op: 'eq', value: 1 }] };
  await make(api, 'nested', { state: 'on', rules: [{ id: 'deep', when, serve: {} }] });
  await edit(page, 'nested');
  await expect(page.getByText('(a is there and b is there) or c is 1')).toBeVisible();
  await page.getByRole('group', { name: 'Rule 1' }).getByLabel('Description').fill('Deep');
  await save(page);
  await expect(page.locator('.toast', { hasText: 'nested is at v2 now' })).toBeVisible();
  expect((await read(api, 'nested')).rules).toMatchObject([{ id: 'deep', description: 'Deep', when }]);
});

test('versions are compared, restored and destroyed', async ({ page, api }) => {
  await make(api, 'versions', { state: 'off' });
  await api.call('PUT', `${api_path}/versions`, { state: 'on', rollout: { percentage: 10 } });
  await open(page, `${flags}?open=versions`);
  await page.getByRole('link', { name: 'Compare v1 with the active one' }).click();
  await expect(page.getByRole('dialog')).toContainText('"percentage": 10');
  await page.keyboard.press('Escape');
  await page.getByRole('link', { name: 'Restore v1' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Restore' }).click();
  await expect(row(page, 'versions')).toContainText('off for everybody');
  await page.getByRole('link', { name: 'Destroy v2' }).click();
  await page.getByRole('dialog').getByLabel(/to confirm/).fill('v2');
  await page.getByRole('dialog').getByRole('button', { name: 'Destroy' }).click();
  await expect(page.getByText('DESTROYED', { exact: true })).toBeVisible();
});

test('who was second is told who was first, and keeps what was typed', async ({ page, api }) => {
  await make(api, 'race', { state: 'on' });
  await edit(page, 'race');
  await page.getByLabel('Gets').selectOption('the on variant');
  await page.getByLabel('To how many (%)').fill('40');
  await api.call('PUT', `${api_path}/race`, { state: 'off' });
  await save(page);
  await expect(page.getByText(/changed this while you were at it/)).toBeVisible();
  await expect(page.getByLabel('To how many (%)')).toHaveValue('40');
  await page.getByRole('button', { name: 'Save mine as v3' }).click();
  await expect(row(page, 'race')).toContainText('40 %');
  expect(await read(api, 'race')).toMatchObject({ version: 3, state: 'on' });
});

test('a flag is renamed, deleted, and brought back', async ({ page, api }) => {
  await make(api, 'old-name', { state: 'on' });
  await open(page, `${flags}?open=old-name`);
  await page.getByRole('link', { name: 'Rename, note, tags' }).click();
  await page.getByLabel('Key', { exact: true }).fill('new-name');
  await save(page);
  await expect(row(page, 'new-name')).toBeVisible();
  await page.getByRole('link', { name: 'Delete…' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
  await expect(row(page, 'new-name')).toHaveCount(0);
  await page.getByRole('link', { name: 'Deleted flags' }).click();
  await page.locator('tr', { hasText: 'new-name' }).getByRole('button', { name: 'Undelete' }).click();
  await expect(page.locator('tr', { hasText: 'new-name' })).toHaveCount(0);
  expect((await read(api, 'new-name')).state).toBe('on');
});

test('an inherited flag has no switch here, and is overridden', async ({ page, api }) => {
  await api.call('POST', '/projects/shop/services/shared/flags', { key: 'from-above', state: 'on' });
  await open(page, `${flags}?open=from-above`);
  await expect(row(page, 'from-above')).toContainText('INHERITED');
  await expect(toggle(page, 'from-above')).toHaveCount(0);
  await page.getByRole('link', { name: 'Override here' }).click();
  await page.getByRole('button', { name: 'Create' }).click();
  await expect(row(page, 'from-above')).toContainText('OVERRIDES');
});

test('the Run Tester evaluates the flags of a service for a context', async ({ page, api }) => {
  await make(api, 'tested-on', { state: 'on' });
  await make(api, 'tested-off');
  await open(page, '/t/acme/projects/shop');
  await page.getByRole('navigation', { name: 'Project' }).getByRole('link', { name: 'Run Tester' }).click();
  await page.getByLabel('Environment and service').selectOption(`live/${service.name}`);
  await page.getByLabel('Flags', { exact: true }).fill('tested-on, tested-off');
  await page.getByLabel('Targeting key').fill('user-1');
  await page.getByRole('button', { name: 'Run', exact: true }).click();
  const line = (key: string) => page.locator('tr', { hasText: key });
  await expect(line('tested-on')).toContainText('STATIC');
  await expect(line('tested-off')).toContainText('DISABLED');
  await line('tested-off').locator('summary').click();
  await expect(line('tested-off').getByRole('listitem')).toContainText('The flag is off.');
  await page.getByLabel('Flags', { exact: true }).fill('nowhere');
  await page.getByRole('button', { name: 'Run', exact: true }).click();
  await expect(page.getByText('There is no flag nowhere here')).toBeVisible();
});

test('the list is walked, opened and closed with the keyboard', async ({ page, api }) => {
  await make(api, 'keys-a');
  await make(api, 'keys-b');
  await open(page, `${flags}?q=keys-`);
  await expect(row(page, 'keys-b')).toBeVisible();
  await page.keyboard.press('j');
  await page.keyboard.press('j');
  await expect(row(page, 'keys-b').getByRole('link', { name: 'keys-b', exact: true })).toBeFocused();
  await page.keyboard.press('e');
  await expect(page.getByRole('region', { name: 'Details of keys-b' })).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(page.getByRole('region', { name: 'Details of keys-b' })).toHaveCount(0);
  await page.keyboard.press('n');
  await expect(page.getByLabel('Key', { exact: true })).toBeFocused();
});

test('a flag is found in the palette', async ({ page, api }) => {
  await make(api, 'palette-flag');
  await open(page, '/t/acme/projects');
  await page.keyboard.press('Control+k');
  await page.getByRole('combobox').fill('palette-fl');
  await page.getByRole('option', { name: /palette-flag/ }).click();
  await expect(page.getByRole('region', { name: 'Details of palette-flag' })).toBeVisible();
});

test('a service without flags shows how a program asks for one', async ({ page }) => {
  await open(page, '/t/acme/projects/shop/live/storefront/flags');
  await expect(page.getByRole('heading', { name: 'No flag yet' })).toBeVisible();
  await expect(page.getByText('/ofrep/v1/evaluate/flags/')).toBeVisible();
  await page.goto(tester);
  await expect(page.getByRole('heading', { name: 'Run Tester' })).toBeVisible();
});
