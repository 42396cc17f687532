// OAuth in the browser: an app is registered, asks a person, acts for them, and is ended; a device is let in.

import { createHash, randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, open, signIn, test } from './support/nexus';
import { faultsOf } from './support/appearance';

const apps = '/t/acme/oauth-apps';

/** An app's own server, to which people come back. */
async function appServer() {
  const server = createServer((_, response) => response.end('<title>The app</title>Welcome back'));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const redirect = `http://127.0.0.1:${(server.address() as AddressInfo).port}/callback`;
  return { redirect, stop: () => new Promise((resolve) => server.close(resolve)) };
}

const verifier = randomBytes(32).toString('base64url');
const challenge = createHash('sha256').update(verifier).digest('base64url');

function asking(client: string, redirect: string, scope = 'read:flags read:secrets'): string {
  const query = new URLSearchParams({
    response_type: 'code', client_id: client, redirect_uri: redirect, scope, state: 'st4te',
    code_challenge: challenge, code_challenge_method: 'S256',
  });
  return `/oauth/authorize?${query}`;
}

async function token(url: string, body: Record<string, string>): Promise<Record<string, string>> {
  const answer = await fetch(`${url}/oauth/token`, { method: 'POST', body: new URLSearchParams(body) });
  return answer.json();
}

const whoami = async (url: string, access: string) =>
  (await fetch(`${url}/api/v1/whoami`, { headers: { authorization: `Bearer ${access}` } })).status;

test('an app is registered, let in with its scopes in words, acts for the person, and is ended', async ({ page, nexus }) => {
  const { redirect, stop } = await appServer();
  await signIn(page);
  await open(page, apps);
  await page.getByRole('link', { name: 'New app' }).click();
  await page.getByLabel('Name', { exact: true }).fill('Deployer');
  await page.getByLabel('Redirect URIs').fill(redirect);
  await page.getByText('Read secrets with their values').click();
  await page.getByRole('button', { name: 'Register' }).click();
  const dialog = page.getByRole('dialog');
  const client_secret = (await dialog.locator('.new-key code').textContent()) ?? '';
  await dialog.getByRole('button', { name: 'I have copied it' }).click();
  expect(await page.content()).not.toContain(client_secret);
  const row = page.locator('tr', { hasText: 'Deployer' });
  await expect(row).toContainText('CONFIDENTIAL');
  const client_id = (await row.locator('td[data-label="Client id"] .mono').textContent()) ?? '';

  await open(page, asking(client_id, redirect));
  await expect(page.getByRole('heading', { name: 'Let Deployer act for you?' })).toBeVisible();
  await expect(page.getByText('Read secrets with their values')).toBeVisible();
  expect(await faultsOf(page)).toEqual([]);
  await page.getByRole('button', { name: 'Allow', exact: true }).click();
  await expect(page).toHaveURL(/callback\?code=/);
  const back = new URL(page.url()).searchParams;
  expect([back.get('state'), back.get('iss')]).toEqual(['st4te', nexus.url]);
  const code = back.get('code') ?? '';
  const given = { grant_type: 'authorization_code', code, redirect_uri: redirect, code_verifier: verifier, client_id, client_secret };
  const { access_token, scope } = await token(nexus.url, given);
  expect(access_token).toMatch(/^oat_[0-9a-f]{64}$/);
  expect(scope).toBe('read:flags read:secrets');
  expect(await whoami(nexus.url, access_token)).toBe(200);

  await open(page, '/account/apps');
  await page.getByText('It may do 2 things').click();
  await expect(page.getByText('Read flags')).toBeVisible();
  expect(await faultsOf(page)).toEqual([]);
  await page.getByRole('link', { name: 'End Deployer' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'End' }).click();
  await expect(page.getByText('No connected apps')).toBeVisible();
  expect(await whoami(nexus.url, access_token)).toBe(401);

  // Whoever says no is sent back with it, and a disabled app sends nobody anywhere.
  await open(page, asking(client_id, redirect));
  await page.getByRole('button', { name: 'Do not allow' }).click();
  await expect(page).toHaveURL(/callback\?error=access_denied/);
  await open(page, apps);
  await page.getByLabel('Actions for Deployer').click();
  await page.getByRole('link', { name: 'Disable…' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Disable' }).click();
  await expect(row).toContainText('DISABLED');
  expect(await faultsOf(page)).toEqual([]);
  await page.goto(asking(client_id, redirect));
  await expect(page.getByRole('heading', { name: 'This request cannot be answered' })).toBeVisible();
  await stop();
});

test('a command line is let in by its code', async ({ page, nexus }) => {
  await signIn(page);
  const body = new URLSearchParams({ client_id: 'nexus-cli' });
  const begun = await (await fetch(`${nexus.url}/oauth/device_authorization`, { method: 'POST', body })).json();
  await open(page, '/device');
  await page.getByLabel('Code').fill('BCDF-GHJK');
  await page.getByRole('button', { name: 'Go on' }).click();
  await expect(page.getByText('No device waits with this code')).toBeVisible();
  await page.getByLabel('Code').fill(begun.user_code.toLowerCase());
  await page.getByRole('button', { name: 'Go on' }).click();
  await expect(page.getByRole('heading', { name: 'Let Nexus command line in?' })).toBeVisible();
  expect(await faultsOf(page)).toEqual([]);
  await page.getByRole('button', { name: 'Let it in', exact: true }).click();
  await expect(page.getByRole('heading', { name: 'It is let in' })).toBeVisible();
  const grant_type = 'urn:ietf:params:oauth:grant-type:device_code';
  const given = await token(nexus.url, { grant_type, device_code: begun.device_code, client_id: 'nexus-cli' });
  expect(await whoami(nexus.url, given.access_token)).toBe(200);
  await page.getByRole('link', { name: 'Your connected apps' }).click();
  await expect(page.getByText('Nexus command line')).toBeVisible();
});

test.describe('without JavaScript', () => {
  test.use({ javaScriptEnabled: false });

  test('whoever is not signed in signs in, is asked, and is sent back to the app', async ({ page, nexus, api }) => {
    const { redirect, stop } = await appServer();
    const new_app = { name: 'Plain', type: 'public', redirect_uris: [redirect], scopes: ['read:flags'] };
    const app = await api.call('POST', '/oauth/apps', new_app);
    await page.goto(asking(app.client_id, redirect, 'read:flags'));
    await expect(page).toHaveURL(/\/sign-in\?/);
    await page.getByLabel('Email').fill('ana@acme.test');
    await page.getByLabel('Password').fill('tr4verse-Olive');
    await page.getByRole('button', { name: 'Sign in', exact: true }).click();
    await expect(page.getByRole('heading', { name: 'Let Plain act for you?' })).toBeVisible();
    await page.getByRole('button', { name: 'Allow', exact: true }).click();
    await expect(page).toHaveURL(/callback\?code=/);
    const code = new URL(page.url()).searchParams.get('code') ?? '';
    const given = { grant_type: 'authorization_code', code, redirect_uri: redirect, code_verifier: verifier, client_id: app.client_id };
    const { access_token } = await token(nexus.url, given);
    expect(await whoami(nexus.url, access_token)).toBe(200);
    // Every other way to write the address is refused on a page of Nexus.
    await page.goto(asking(app.client_id, `${redirect}/`, 'read:flags'));
    await expect(page.getByRole('heading', { name: 'This request cannot be answered' })).toBeVisible();
    await stop();
  });
});
