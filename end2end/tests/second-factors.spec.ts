// Second factors in a real browser: an app set up through the page, recovery codes, and passkeys of Chromium's virtual
// authenticator.

import { createHmac } from 'node:crypto';
import type { Page } from '@playwright/test';
import { faultsOf } from './support/appearance';
import { start, type Instance } from './support/instance';
import { expect, isIn, owner, test as base } from './support/nexus';

/** Each test changes what the owner signs in with, so that each has an instance of its own, on a host with a name. */
const test = base.extend<{ site: Instance }>({
  site: async ({ page }, use) => {
    const site = await start('founded', { host: 'localhost' });
    await use(site);
    // A page that still reads something would complain of the server's end.
    await page.goto('about:blank');
    await site.stop();
  },
});

/** The code of an authenticator app (RFC 6238) so many half minutes from now. */
function code(secret: string, steps = 0): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
  const bits = [...secret].map((char) => alphabet.indexOf(char).toString(2).padStart(5, '0')).join('');
  const key = Buffer.from(bits.match(/.{8}/g)!.map((byte) => parseInt(byte, 2)));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000) + steps));
  const mac = createHmac('sha1', key).update(counter).digest();
  const number = mac.readUInt32BE(mac[19] & 15) & 0x7fffffff;
  return String(number % 1_000_000).padStart(6, '0');
}

async function givePassword(page: Page, site: Instance): Promise<void> {
  await page.context().clearCookies();
  await page.goto(`${site.url}/sign-in`);
  await page.getByLabel('Email').fill(owner.email);
  await page.getByLabel('Password').fill(owner.password);
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
}

async function open(page: Page, site: Instance, path: string): Promise<void> {
  await page.goto(`${site.url}${path}`);
  await expect(page.locator('html')).toHaveAttribute('data-js', '');
}

/** Sets an app up with the code of the half minute before this one; its secret and the recovery codes. */
async function setUpApp(page: Page, site: Instance): Promise<{ secret: string; codes: string[] }> {
  await givePassword(page, site);
  await isIn(page);
  await open(page, site, '/account/security');
  await page.getByRole('button', { name: 'Set up an app' }).click();
  const secret = (await page.locator('.new-key code').textContent())!;
  await page.getByLabel('Code that the app shows now').fill('000000');
  await page.getByRole('button', { name: 'Turn it on' }).click();
  // In words; which ones depends on whether it is the code of another time.
  await expect(page.locator('#totp-code-error p')).toBeVisible();
  expect(await faultsOf(page)).toEqual([]);
  await page.getByLabel('Code that the app shows now').fill(code(secret, -1));
  await page.getByRole('button', { name: 'Turn it on' }).click();
  return { secret, codes: await recoveryCodes(page) };
}

async function recoveryCodes(page: Page): Promise<string[]> {
  const dialog = page.getByRole('dialog', { name: 'Keep your recovery codes' });
  await expect(dialog.locator('li')).toHaveCount(10);
  const codes = await dialog.locator('li').allTextContents();
  const download = page.waitForEvent('download');
  await dialog.getByRole('button', { name: 'Download' }).click();
  expect((await download).suggestedFilename()).toBe('nexus-recovery-codes.txt');
  await dialog.getByRole('button', { name: 'I have kept them' }).click();
  await expect(dialog).toBeHidden();
  await expect(page.getByText('10 codes left')).toBeVisible();
  expect(await page.content()).not.toContain(codes[0]);
  return codes;
}

/** A device with a fingerprint reader, and how to say whether there is a finger on it. */
async function withAuthenticator(page: Page): Promise<(finger: boolean) => Promise<void>> {
  const devtools = await page.context().newCDPSession(page);
  await devtools.send('WebAuthn.enable');
  const { authenticatorId } = await devtools.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2', transport: 'internal', hasResidentKey: true, hasUserVerification: true, isUserVerified: true,
      automaticPresenceSimulation: true,
    },
  });
  return async (enabled) => {
    await devtools.send('WebAuthn.setAutomaticPresenceSimulation', { authenticatorId, enabled });
  };
}

test('an app is set up, asked for, and stood in for by a recovery code', async ({ page, site, browser }) => {
  const { secret, codes } = await setUpApp(page, site);
  await givePassword(page, site);
  await expect(page.getByRole('heading', { name: 'One more step' })).toBeVisible();
  expect(await faultsOf(page)).toEqual([]);
  await page.getByLabel('Code').fill('000 000');
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  await expect(page.getByText('This code is wrong')).toBeVisible();
  const typed = code(secret);
  await page.getByLabel('Code').fill(`${typed.slice(0, 3)} ${typed.slice(3)}`);
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  await isIn(page);

  const plain = await browser.newContext({ javaScriptEnabled: false });
  const bare = await plain.newPage();
  await givePassword(bare, site);
  await expect(bare).toHaveURL(/\/sign-in\/second/);
  await bare.getByLabel('Code').fill(codes[4]);
  await bare.getByRole('button', { name: 'Sign in', exact: true }).click();
  await expect(bare).toHaveURL(/\/t\/acme\/projects/);
  await bare.goto(`${site.url}/account/security`);
  await expect(bare.getByText('9 codes left')).toBeVisible();
  await expect(bare.getByText('needs JavaScript').first()).toBeVisible();
  await plain.close();
});

test('a passkey is added, signs in alone, takes the second step, and is removed', async ({ page, site }) => {
  const finger = await withAuthenticator(page);
  await givePassword(page, site);
  await isIn(page);
  await open(page, site, '/account/security');
  await page.getByLabel('Name of a new passkey').fill('Laptop');
  await page.getByRole('button', { name: 'Add a passkey' }).click();
  await recoveryCodes(page);
  await expect(page.locator('tr', { hasText: 'Laptop' })).toContainText('never');
  expect(await faultsOf(page)).toEqual([]);

  // What the browser offers in the field for the address is taken at once.
  await page.context().clearCookies();
  await page.goto(`${site.url}/sign-in`);
  await isIn(page);

  await finger(false);
  await page.context().clearCookies();
  const offered = page.waitForResponse('**/_fn/ask_passkey');
  await open(page, site, '/sign-in');
  await offered;
  await expect(page.getByLabel('Email')).toHaveAttribute('autocomplete', 'username webauthn');
  // The device feels only a finger that is there before it is asked, so its question waits for one.
  let letGo = () => {};
  const fingerIsThere = new Promise<void>((resolve) => (letGo = resolve));
  await page.route('**/_fn/ask_passkey', (route) => fingerIsThere.then(() => route.continue()), { times: 1 });
  const button = page.getByRole('button', { name: 'Sign in with a passkey' });
  await button.click();
  await expect(button).toHaveAttribute('aria-busy', 'true');
  await finger(true);
  letGo();
  await isIn(page);

  await finger(false);
  await givePassword(page, site);
  await expect(page.getByRole('heading', { name: 'One more step' })).toBeVisible();
  await finger(true);
  await page.getByRole('button', { name: 'Use a passkey' }).click();
  await isIn(page);

  await open(page, site, '/account/security');
  await expect(page.locator('tr', { hasText: 'Laptop' })).not.toContainText('never');
  await page.getByRole('link', { name: 'Remove Laptop' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Remove the passkey' }).click();
  await expect(page.getByText('The passkey Laptop is removed')).toBeVisible();
  await expect(page.getByText('codes left')).toHaveCount(0);
  await finger(false);
  await givePassword(page, site);
  await isIn(page);
});

test('a tenant requires a second factor of an owner who has one', async ({ page, site }) => {
  await givePassword(page, site);
  await isIn(page);
  await open(page, site, '/t/acme/sign-in');
  await page.getByRole('button', { name: 'Require a second factor' }).click();
  await expect(page.getByText('First set up a second factor of your own')).toBeVisible();
  await setUpApp(page, site);
  await open(page, site, '/t/acme/sign-in');
  await page.getByRole('button', { name: 'Require a second factor' }).click();
  await expect(page.getByText('REQUIRED')).toBeVisible();
  expect(await faultsOf(page)).toEqual([]);
  await open(page, site, '/account/security?confirm=app');
  await page.getByRole('dialog').getByRole('button', { name: 'Remove the app' }).click();
  await expect(page.getByText('This is your last second factor')).toBeVisible();
});
