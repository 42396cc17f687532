// The way of a new owner: from the token on the terminal to a program that reads its first secret.

import { expect, test } from '@playwright/test';
import { owner, start } from './support/instance';

test('from the first sign-in to a secret in a running program', async ({ page, request }) => {
  const noise: string[] = [];
  page.on('console', (message) => noise.push(message.text()));
  const nexus = await start('empty');
  try {
    const token = /^ {2}([0-9a-f]{64})$/m.exec(nexus.printed)?.[1] ?? '';
    await page.goto(nexus.url);
    await expect(page).toHaveURL(/\/setup$/);
    await page.getByLabel('Set-up token').fill(token);
    await page.getByLabel('Tenant name').fill('Acme');
    await page.getByLabel('Email').fill(owner.email);
    await page.getByLabel('Password').fill(owner.password);
    await page.getByRole('button', { name: 'Set up' }).click();
    await expect(page).toHaveURL(/\/t\/acme\/projects$/);

    await page.getByRole('link', { name: 'New project' }).first().click();
    await page.getByLabel('Name').fill('Shop');
    await page.getByRole('button', { name: 'Create' }).click();
    await expect(page).toHaveURL(/\/projects\/shop/);

    await page.getByRole('link', { name: 'New service' }).first().click();
    await page.getByLabel('Name').fill('checkout-api');
    await page.getByRole('button', { name: 'Create' }).click();
    await expect(page.getByRole('heading', { level: 1, name: 'checkout-api' })).toBeVisible();

    await page.getByRole('link', { name: 'New Secret' }).first().click();
    await page.getByLabel('Key', { exact: true }).fill('DATABASE_URL');
    await page.locator('[name=value]').fill('postgres://first-secret');
    await page.getByRole('button', { name: 'Create' }).click();
    await expect(page.locator('tr[data-key="DATABASE_URL"]')).toBeVisible();

    await page.getByRole('navigation', { name: 'Service' }).getByRole('link', { name: 'API keys' }).click();
    await page.getByRole('link', { name: 'Make a key' }).first().click();
    await page.getByRole('button', { name: 'Make the key' }).click();
    const command = await page.locator('dialog pre, dialog .snippet').last().innerText();
    const [, key, url] = /Bearer (sk_live_[0-9a-f]{64})" (\S+)/.exec(command) ?? [];
    const answer = await request.get(url, { headers: { authorization: `Bearer ${key}` } });
    expect((await answer.json()).secrets.DATABASE_URL.value).toBe('postgres://first-secret');
    expect(noise).toEqual([]);
  } finally {
    await nexus.stop();
  }
});

test('a tenant is deleted with everything in it, and the instance waits for its next set-up', async ({ page }) => {
  const nexus = await start('founded');
  try {
    await page.goto(`${nexus.url}/sign-in`);
    await page.getByLabel('Email').fill(owner.email);
    await page.getByLabel('Password').fill(owner.password);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('link', { name: 'Settings' }).click();
    await page.getByRole('link', { name: 'Delete…' }).click();
    const dialog = page.getByRole('dialog');
    await expect(dialog).toContainText('3 environments');
    await dialog.getByLabel(/to confirm/).fill('acme');
    await dialog.getByRole('button', { name: 'Delete the tenant' }).click();
    await expect(page).toHaveURL(/\/setup$/);
    await page.goto(`${nexus.url}/t/acme/projects`);
    await expect(page).toHaveURL(/\/setup$/);
  } finally {
    await nexus.stop();
  }
});
