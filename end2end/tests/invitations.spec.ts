// Invitations from the form to the mailbox and back: a real mail server of somebody else takes the mail, and the browser
// follows its link.

import type { Browser, Page } from '@playwright/test';
import { faultsAt } from './support/appearance';
import { start, type Instance } from './support/instance';
import { linkIn, Receiver } from './support/mail';
import { Api, expect, isIn, open, row, signIn, test as base } from './support/nexus';

const test = base.extend<object, { nexus: Instance; receiver: Receiver }>({
  receiver: [
    async ({}, use) => {
      const receiver = await Receiver.start('plain');
      await use(receiver);
      await receiver.stop();
    },
    { scope: 'worker' },
  ],
  nexus: [
    async ({ playwright, receiver }, use) => {
      const nexus = await start('founded', { more: receiver.settings });
      const request = await playwright.request.newContext();
      await new Api(request, nexus).shop();
      await request.dispose();
      await use(nexus);
      await nexus.stop();
    },
    { scope: 'worker' },
  ],
});

const invitations = '/t/acme/members/invitations';
const outbox = '/t/acme/members/outbox';
const password = 'correct horse battery';

/** Somebody else's browser. */
async function stranger(browser: Browser, nexus: Instance, javaScriptEnabled = true): Promise<Page> {
  const context = await browser.newContext({ baseURL: nexus.url, javaScriptEnabled });
  return context.newPage();
}

test('people are invited, follow the link in their mail, and sign up', async ({ page, browser, nexus, receiver }) => {
  await signIn(page);
  await open(page, `${invitations}?new`);
  await page.getByLabel('Addresses').fill('Bo <Bo@Team.test>, eva+shop@team.test\nnobody');
  await page.getByLabel('Shop', { exact: true }).selectOption('developer');
  await page.getByRole('button', { name: 'Invite', exact: true }).click();
  await expect(page.locator('.told')).toContainText('2 people are invited. No addresses: nobody.');
  await expect(row(page, 'bo@team.test')).toContainText('PENDING');
  await expect(row(page, 'bo@team.test')).toContainText('shop: developer');

  const mail = await receiver.to('bo@team.test');
  expect(mail.headers.subject).toContain('ana@acme.test invites you to');
  expect(mail.headers['auto-submitted']).toBe('auto-generated');
  expect(mail.headers['message-id']).toMatch(/^<.+@127\.0\.0\.1>$/);
  await receiver.to('eva+shop@team.test');

  const bo = await stranger(browser, nexus);
  await open(bo, linkIn(mail));
  await expect(bo.getByRole('heading', { level: 1 })).toContainText('Join');
  await expect(bo.locator('.offered')).toContainText('developer');
  await bo.getByLabel('Choose a password').fill('short');
  await bo.getByRole('button', { name: 'Sign up and accept' }).click();
  await expect(bo.getByText('At least 8 characters').last()).toBeVisible();
  await bo.getByLabel('Choose a password').fill(password);
  await bo.getByRole('button', { name: 'Sign up and accept' }).click();
  await expect(bo).toHaveURL(/\/t\/acme\/projects/);
  await expect(bo.getByRole('link', { name: 'Shop' }).first()).toBeVisible();
  await open(bo, '/t/acme/projects/shop?dev_envs=true');
  await expect(bo.getByText('YOURS', { exact: true })).toBeVisible();
  await open(bo, linkIn(mail));
  await expect(bo.getByRole('heading', { name: 'This link does not work' })).toBeVisible();

  await open(page, invitations);
  await expect(row(page, 'bo@team.test')).toContainText('ACCEPTED');
});

test('a mail that comes back is seen, and one that waits is sent by hand', async ({ page, api, receiver }) => {
  await api.call('POST', '/invitations', { email: 'bounce@team.test' });
  await api.call('POST', '/invitations', { email: 'later@team.test' });
  await signIn(page);
  const shows = (path: string, key: string, text: string) =>
    expect(async () => {
      await open(page, path);
      await expect(row(page, key)).toContainText(text, { timeout: 500 });
    }).toPass();
  await shows(invitations, 'bounce@team.test', 'MAIL BOUNCED');
  await expect(row(page, 'bounce@team.test')).toContainText('550 5.1.1 No such person here');
  await shows(outbox, 'later@team.test', '451 4.7.1 Come back later');
  await expect(row(page, 'bounce@team.test')).toContainText('BOUNCED');
  await page.getByRole('button', { name: 'Send the mail to later@team.test now' }).click();
  linkIn(await receiver.to('later@team.test'));
  await shows(outbox, 'later@team.test', 'SENT');
});

test('a link is copied, and the one in the mail is dead by then', async ({ page, api, browser, nexus, receiver }) => {
  await api.call('POST', '/invitations', { email: 'cleo@team.test' });
  const old = linkIn(await receiver.to('cleo@team.test'));
  await signIn(page);
  await open(page, invitations);
  await page.getByRole('link', { name: 'Copy a link for cleo@team.test' }).click();
  await expect(page.getByRole('dialog')).toContainText('The one that was sent before stops working');
  await page.getByRole('button', { name: 'Make a link' }).click();
  const link = await page.getByRole('dialog').locator('code').innerText();
  expect(await page.content()).toContain(link);
  await page.getByRole('button', { name: 'I have copied it' }).click();
  expect(await page.content()).not.toContain(link);

  const cleo = await stranger(browser, nexus);
  await open(cleo, old);
  await expect(cleo.getByRole('heading', { name: 'This link does not work' })).toBeVisible();
  await open(page, new URL(link).pathname);
  await expect(page.getByText('You are signed in as ana@acme.test, and this invitation is for cleo@team.test')).toBeVisible();
  await page.getByRole('button', { name: 'Sign out' }).click();
  await expect(page).toHaveURL(/\/sign-in/);
  await open(page, new URL(link).pathname);
  await page.getByLabel('Choose a password').fill(password);
  await page.getByRole('button', { name: 'Sign up and accept' }).click();
  await expect(page).toHaveURL(/\/t\/acme\/projects/);
});

test('who has an account signs in on the way and accepts', async ({ page, api, receiver }) => {
  await api.call('POST', '/invitations', { email: 'dana@team.test' });
  await open(page, linkIn(await receiver.to('dana@team.test')));
  await page.getByLabel('Choose a password').fill(password);
  await page.getByRole('button', { name: 'Sign up and accept' }).click();
  await isIn(page);
  await page.context().clearCookies();

  const projects = [{ project: 'shop', role: 'viewer' }];
  await api.call('POST', '/invitations', { email: 'dana@team.test', projects });
  await open(page, linkIn(await receiver.to('dana@team.test', 1)));
  await page.getByLabel('Choose a password').fill('another horse battery');
  await page.getByRole('button', { name: 'Sign up and accept' }).click();
  await expect(page.getByText('There is an account with this address already')).toBeVisible();
  await page.getByRole('link', { name: 'Sign in' }).click();
  await page.getByLabel('Email').fill('dana@team.test');
  await page.getByLabel('Password').fill(password);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('button', { name: 'Accept', exact: true }).click();
  await expect(page).toHaveURL(/\/t\/acme\/projects/);
  await expect(page.getByRole('link', { name: 'Shop' }).first()).toBeVisible();
});

test('mail goes out over STARTTLS to a server that asks for a password', async ({ playwright }) => {
  const receiver = await Receiver.start('secure');
  const nexus = await start('founded', { more: receiver.settings });
  const request = await playwright.request.newContext();
  await new Api(request, nexus).call('POST', '/invitations', { email: 'bo@team.test' });
  const mail = await receiver.to('bo@team.test');
  expect(mail.encrypted).toBe(true);
  linkIn(mail);
  await request.dispose();
  await nexus.stop();
  await receiver.stop();
  expect(nexus.log()).not.toContain('pass:word');
});

test.describe('without JavaScript', () => {
  test.use({ javaScriptEnabled: false });

  test('people are invited, invited again, taken back, and accept', async ({ page, browser, nexus, receiver }) => {
    await signIn(page);
    await page.goto(`${invitations}?new`);
    await page.getByLabel('Addresses').fill('nobody');
    await page.getByRole('button', { name: 'Invite', exact: true }).click();
    await expect(page.getByText('No addresses: nobody.').first()).toBeVisible();
    await expect(page.getByLabel('Addresses')).toHaveValue('nobody');
    await page.getByLabel('Addresses').fill('finn@team.test gus@team.test');
    await page.getByLabel('Shop', { exact: true }).selectOption('tester');
    await page.getByRole('button', { name: 'Invite', exact: true }).click();
    await expect(page.getByText('2 people are invited.')).toBeVisible();
    await expect(row(page, 'finn@team.test')).toContainText('shop: tester');
    const first = linkIn(await receiver.to('finn@team.test'));
    await page.getByRole('button', { name: 'Resend the invitation of finn@team.test' }).click();
    await expect(page.getByText('finn@team.test is invited again')).toBeVisible();
    const second = linkIn(await receiver.to('finn@team.test', 1));
    await page.getByRole('link', { name: 'Revoke the invitation of gus@team.test' }).click();
    await page.getByRole('button', { name: 'Revoke', exact: true }).click();
    await expect(row(page, 'gus@team.test')).toContainText('REVOKED');

    const finn = await stranger(browser, nexus, false);
    await finn.goto(first);
    await expect(finn.getByRole('heading', { name: 'This link does not work' })).toBeVisible();
    await finn.goto(second);
    await finn.getByLabel('Choose a password').fill(password);
    await finn.getByRole('button', { name: 'Sign up and accept' }).click();
    await expect(finn).toHaveURL(/\/t\/acme\/projects/);
    await expect(finn.getByText('Welcome to')).toBeVisible();
    await page.goto(outbox);
    await expect(row(page, 'finn@team.test').first()).toContainText('SENT');
  });
});

test('no page of invitations has a violation in either theme, or scrolls sideways', async ({ page, api, browser, nexus, receiver }) => {
  const email = 'hal@team.test';
  const { id } = await api.call('POST', '/invitations', { email, projects: [{ project: 'shop', role: 'manager' }] });
  const link = linkIn(await receiver.to(email));
  await signIn(page);
  const pages = ['', '?new', `?copy=${id}`, `?confirm=${id}`, '?project=shop'].map((query) => invitations + query);
  const found = await faultsAt(page, [...pages, outbox, link]);
  const other = await stranger(browser, nexus);
  expect([...found, ...(await faultsAt(other, [link, '/invitation/0123']))]).toEqual([]);
});
