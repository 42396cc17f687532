// The account of a person: address, password, sessions, and the way back in for who forgot the password.

import { faultsAt } from './support/appearance';
import { expect, open, owner, signIn, test } from './support/nexus';

const inside = ['/account', '/account/sessions'];
const outside = ['/forgot', '/forgot?sent', '/verify/0123', '/reset/0123'];

test('sessions are listed, and one that is ended stops with its next request', async ({ page, browser, baseURL }) => {
  const other = await browser.newContext({ baseURL, userAgent: 'Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) Version/18.5 Safari/604.1' });
  const telephone = await other.newPage();
  await signIn(telephone);
  await signIn(page);
  await open(page, '/account/sessions');
  await expect(page.locator('tr', { hasText: 'THIS SESSION' })).toContainText('Chrome on Linux');
  await page.getByRole('button', { name: 'End the session of Safari on iPhone' }).click();
  await expect(page.getByText('The session is ended')).toBeVisible();
  await expect(page.locator('tr', { hasText: 'Safari on iPhone' })).toHaveCount(0);
  await telephone.goto('/t/acme/projects');
  await expect(telephone).toHaveURL(/\/sign-in\?next=/);
  await other.close();
});

test('the address waits until the link is followed, and can be taken back', async ({ page }) => {
  await signIn(page);
  await open(page, '/account');
  await expect(page.getByText('NOT CONFIRMED')).toBeVisible();
  await page.getByRole('button', { name: 'Send a link' }).click();
  await expect(page.getByText('A link is on its way to your address')).toBeVisible();
  await page.getByLabel('New address').fill('ana@acme');
  await page.getByRole('button', { name: 'Send the link' }).click();
  await expect(page.getByText('An address like ana@example.com')).toBeVisible();
  await expect(page.getByLabel('New address')).toHaveValue('ana@acme');
  await page.getByLabel('New address').fill('ana.new@acme.test');
  await page.getByRole('button', { name: 'Send the link' }).click();
  await expect(page.getByText('ana.new@acme.test waits to be confirmed')).toBeVisible();
  await expect(page.getByRole('heading', { level: 1, name: owner.email })).toBeVisible();
  await page.getByRole('button', { name: 'Take it back' }).click();
  await expect(page.getByText('waits to be confirmed')).toHaveCount(0);
});

test('who forgot the password is answered alike whoever it is', async ({ page }) => {
  const answers: string[] = [];
  for (const email of [owner.email, 'nobody@acme.test']) {
    await open(page, '/sign-in');
    await page.getByRole('link', { name: 'Forgot your password?' }).click();
    // The page before it has a field for the address too.
    await expect(page.getByRole('heading', { name: 'A new password' })).toBeVisible();
    await page.getByLabel('Email').fill(email);
    await page.getByRole('button', { name: 'Send the link' }).click();
    await expect(page.getByRole('heading', { name: 'Look into your mail' })).toBeVisible();
    answers.push(await page.locator('main').innerText());
  }
  expect(answers[0]).toBe(answers[1]);
});

test('without JavaScript the account is read and changed', async ({ browser, baseURL }) => {
  const [context, other] = [await browser.newContext({ baseURL, javaScriptEnabled: false }), await browser.newContext({ baseURL })];
  const page = await context.newPage();
  await signIn(await other.newPage());
  await signIn(page);
  await page.goto('/account');
  await page.getByLabel('Current password').fill('wrong password');
  await page.getByLabel('New password').fill('another-Olive-9');
  await page.getByRole('button', { name: 'Change the password' }).click();
  await expect(page.getByText('This is not your password')).toBeVisible();
  expect(await page.content()).not.toContain('another-Olive-9');
  await page.getByRole('link', { name: 'Sessions' }).click();
  await page.getByRole('button', { name: 'End all others' }).click();
  await expect(page.getByText(/ended/).first()).toBeVisible();
  await expect(page.getByRole('button', { name: 'End all others' })).toHaveCount(0);
  await page.goto('/forgot');
  await page.getByLabel('Email').fill('nobody@acme.test');
  await page.getByRole('button', { name: 'Send the link' }).click();
  await expect(page.getByRole('heading', { name: 'Look into your mail' })).toBeVisible();
  await page.goto('/verify/0123');
  await expect(page.getByRole('heading', { name: 'This link does not work' })).toBeVisible();
  await Promise.all([context.close(), other.close()]);
});

test('a new password ends the other sessions, and this one goes on', async ({ page, browser, baseURL }) => {
  const other = await browser.newContext({ baseURL });
  const elsewhere = await other.newPage();
  await signIn(elsewhere);
  await signIn(page);
  const change = async (current: string, next: string) => {
    await open(page, '/account');
    await page.getByLabel('Current password').fill(current);
    await page.getByLabel('New password').fill(next);
    await page.getByRole('button', { name: 'Change the password' }).click();
    await expect(page.getByText('Your password is changed')).toBeVisible();
    await expect(page.getByLabel('New password')).toHaveValue('');
  };
  await change(owner.password, 'another-Olive-9');
  await elsewhere.goto('/t/acme/projects');
  await expect(elsewhere).toHaveURL(/\/sign-in/);
  await change('another-Olive-9', owner.password);
  await open(page, '/t/acme/projects');
  await expect(page.getByRole('heading', { level: 1, name: 'Projects' })).toBeVisible();
  await other.close();
});

test('no page of the account has a violation in either theme, or scrolls sideways', async ({ page }) => {
  const before = await faultsAt(page, outside);
  await signIn(page);
  expect([...before, ...(await faultsAt(page, inside))]).toEqual([]);
});

test('who types before the script has come keeps the focus', async ({ page }) => {
  let letGo = () => {};
  const typed = new Promise<void>((resolve) => (letGo = resolve));
  await page.route('**/*.wasm', (route) => typed.then(() => route.continue()));
  await page.goto('/sign-in', { waitUntil: 'commit' });
  await page.getByLabel('Password').click();
  await page.keyboard.type('half of ');
  letGo();
  await expect(page.locator('html')).toHaveAttribute('data-js', '');
  await expect(page.getByLabel('Email')).toHaveAttribute('data-focused', '');
  await page.keyboard.type('a password');
  await expect(page.getByLabel('Password')).toHaveValue('half of a password');
  await expect(page.getByLabel('Email')).toHaveValue('');
});
