// OpenFeature's four providers, as their makers publish them, against a running Nexus: every type, what is
// missing, and a change made in the console.

import type { Page } from '@playwright/test';
import { expect, open, row, signIn, test, type Api } from './support/nexus';
import { Client, clients, site, type Answers } from './support/openfeature';

const who = { targetingKey: 'user-3', plan: 'pro' };

/** A flag of each type: a rule serves variant `a` to those on plan pro. */
async function flags(api: Api, at: string): Promise<void> {
  const rules = [{ id: 'pro', when: { attribute: 'plan', op: 'eq', value: 'pro' }, serve: {} }];
  const typed: [string, unknown, unknown][] = [
    ['of-text', 'blue', 'red'],
    ['of-integer', 42, 7],
    ['of-float', 1.5, 0.25],
    ['of-object', { rows: 3, names: ['x'] }, {}],
  ];
  const path = `/projects/shop/services/${at}/flags`;
  await api.call('POST', path, { key: 'of-boolean', state: 'on', rules });
  for (const [key, a, b] of typed) {
    const variants = [{ name: 'a', value: a }, { name: 'b', value: b }];
    await api.call('POST', path, { key, state: 'on', variants, on_variant: 'a', off_variant: 'b', rules });
  }
}

/** Flips the kill switch in the row. */
async function flip(page: Page, at: string): Promise<void> {
  await open(page, `/t/acme/projects/shop/live/${at}/flags`);
  const kill = row(page, 'of-boolean').getByRole('switch');
  await kill.click();
  // The switch moves before the server has answered; the toast comes after.
  await expect(page.locator('.toast', { hasText: 'of-boolean is off' })).toBeVisible();
  await expect(kill).toHaveAttribute('aria-checked', 'false');
}

/** Names of reasons and errors are written differently from language to language. */
const plain = (name = '') => name.replace(/_/g, '').toUpperCase();

function expectEveryType(answers: Answers, kind = ''): void {
  expect(answers.boolean).toMatchObject({ value: true, variant: 'on' });
  expect(answers.text).toMatchObject({ value: 'blue', variant: 'a' });
  expect(answers.integer).toMatchObject({ value: 42, variant: 'a' });
  expect(answers.float).toMatchObject({ value: 1.5, variant: 'a' });
  expect(answers.object).toMatchObject({ value: { rows: 3, names: ['x'] }, variant: 'a' });
  expect(plain(answers.missing.error)).toBe('FLAGNOTFOUND');
  // The provider for Rust tells no reason but "static", and calls another type an error of parsing.
  expect(plain(answers.mismatch.error)).toBe(kind === 'Rust' ? 'PARSEERROR' : 'TYPEMISMATCH');
  for (const name of kind === 'Rust' ? [] : ['boolean', 'text', 'integer', 'float', 'object']) {
    expect(plain(answers[name].reason)).toBe('TARGETINGMATCH');
  }
}

for (const kind of Object.keys(clients) as (keyof typeof clients)[]) {
  test(`the provider for ${kind} evaluates every type and follows a change made in the console`, async ({ page, api, nexus }) => {
    const name = `of-${kind.toLowerCase().replace('.', '-')}`;
    await api.call('POST', '/projects/shop/services', { name, kind: 'backend' });
    await flags(api, name);
    const { key } = await api.call('POST', `/projects/shop/services/${name}/keys/primary/rotate`, {});
    const client = Client.start(kind, nexus.url, key, who);
    expectEveryType(await client.evaluate(), kind);
    await signIn(page);
    await flip(page, name);
    expect((await client.evaluate()).boolean).toMatchObject({ value: false, variant: 'off' });
    await client.end();
  });
}

test('the provider for browsers evaluates every type and hears of a change by its event stream', async ({ page, context, api, nexus }) => {
  const name = 'of-web';
  await api.call('POST', '/projects/shop/services', { name, kind: 'frontend' });
  await flags(api, name);
  const { key } = await api.call('POST', `/projects/shop/services/${name}/keys/primary/rotate`, {});
  const shop = await site();
  const visitor = await context.newPage();
  const streams: string[] = [];
  visitor.on('request', (request) => {
    if (request.resourceType() === 'eventsource') streams.push(request.url());
  });
  await visitor.goto(`${shop.url}?${new URLSearchParams({ base: nexus.url, key, context: JSON.stringify(who) })}`);
  const output = visitor.locator('output');
  await expect(output).not.toBeEmpty();
  expectEveryType(JSON.parse((await output.textContent()) ?? ''));
  await expect.poll(() => streams.length).toBeGreaterThan(0);
  expect(streams[0]).not.toContain(key);
  await signIn(page);
  await flip(page, name);
  // Nothing polls on that page: the change comes by the stream.
  await expect(output).toContainText('"boolean":{"value":false,"variant":"off"');
  await visitor.close();
  shop.stop();
});
