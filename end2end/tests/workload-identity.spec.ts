// Workload identity in the browser: a provider, a rule that pins enough, a token tried out, a session that ends.

import { faultsOf } from './support/appearance';
import { Issuer } from './support/issuer';
import { expect, open, service, signIn, test } from './support/nexus';

const providers = '/t/acme/identity-providers';
const identities = `/t/acme/projects/shop/live/${service.name}/identities`;

test('a workflow is let in by its token, is listed while it is in, and is out when its session is ended', async ({ page, nexus, api }) => {
  const issuer = new Issuer();
  await signIn(page);
  await open(page, identities);
  await page.getByRole('link', { name: 'Add an identity provider' }).click();
  await page.getByRole('link', { name: /^GitHub Actions/ }).click();
  await expect(page.getByLabel('Issuer', { exact: true })).toHaveValue('https://token.actions.githubusercontent.com');
  await page.getByRole('radio', { name: 'Uploaded' }).check();
  const keys = page.getByLabel('Keys', { exact: true });
  await keys.fill('{"keys":[');
  await page.getByRole('button', { name: 'Create' }).click();
  await expect(page.getByText('This is no JSON')).toBeVisible();
  await keys.fill(issuer.jwks);
  await page.getByRole('button', { name: 'Create' }).click();
  await expect(page.getByRole('heading', { name: 'Set up GitHub Actions' })).toBeVisible();
  const audience = (await page.locator('.facts .wif-audience code').textContent()) ?? '';
  expect(audience).toContain(`${nexus.url}/wif/`);
  await expect(page.getByText('id-token: write').first()).toBeVisible();
  expect(await faultsOf(page)).toEqual([]);

  await open(page, identities);
  await page.getByRole('link', { name: 'New identity' }).click();
  await page.getByLabel('Name', { exact: true }).fill('deploy');
  await page.getByLabel('Id of the repository').fill('1296269');
  await page.getByRole('button', { name: 'Create' }).click();
  await expect(page.getByText('Has to be pinned: The id of its owner')).toBeVisible();
  await expect(page.getByLabel('Id of the repository')).toHaveValue('1296269');
  await page.getByLabel('Id of its owner').fill('583231');
  await page.getByLabel('Claim 1', { exact: true }).fill('ref');
  await page.getByLabel('Value of claim 1').fill('refs/heads/main');
  await page.getByRole('button', { name: 'Create' }).click();
  const rule = page.locator('.list-card tr', { hasText: 'deploy' });
  await expect(rule).toContainText('refs/heads/main');
  await expect(rule).toContainText('never');

  const box = page.getByLabel('Test a token');
  const tried = async (token: string) => {
    await box.getByLabel('Token', { exact: true }).fill(token);
    await box.getByRole('button', { name: 'Test' }).click();
  };
  await tried(issuer.token(audience, { ref: 'refs/heads/evil' }));
  await expect(box.getByText('An exchange would refuse it.')).toBeVisible();
  await expect(box.locator('.wif-failed')).toContainText('refs/heads/evil');
  const token = issuer.token(audience);
  await tried(token);
  await expect(box.getByText('An exchange would let it in.')).toBeVisible();
  await expect(box.locator('.wif-failed')).toHaveCount(0);
  expect(await faultsOf(page)).toEqual([]);

  const endpoint = (await api.call('GET', `/projects/shop/services/${service.name}`)).endpoint;
  const exchanged = async (): Promise<string> => {
    const body = JSON.stringify({ provider: 'github', token: issuer.token(audience) });
    const headers = { 'content-type': 'application/json' };
    const answer = await fetch(`${endpoint}/v1/auth/token-exchange`, { method: 'POST', headers, body });
    expect(answer.status, await answer.clone().text()).toBe(200);
    return (await answer.json()).access_token;
  };
  const sync = async (session: string) =>
    (await fetch(`${endpoint}/v1/sync`, { headers: { authorization: `Bearer ${session}` } })).status;
  const first = await exchanged();
  expect(await sync(first)).toBe(200);

  await open(page, providers);
  const session = page.getByRole('row', { name: /repo:acme\/shop:ref:refs\/heads\/main/ });
  await expect(session).toContainText(service.name);
  expect(await page.content()).not.toContain(first);
  await session.getByRole('button', { name: /^End the session/ }).click();
  await expect(page.getByText('No open sessions.')).toBeVisible();
  expect(await sync(first)).toBe(401);

  const others = [await exchanged(), await exchanged()];
  await open(page, identities);
  await expect(rule).toContainText('2 open sessions');
  await page.getByRole('link', { name: 'End all…' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'End them all' }).click();
  await expect(page.getByText('2 sessions are over')).toBeVisible();
  expect(await Promise.all(others.map(sync))).toEqual([401, 401]);

  await open(page, providers);
  await page.getByLabel('Actions for GitHub Actions').click();
  await page.getByRole('link', { name: 'Delete…' }).click();
  await expect(page.getByRole('dialog')).toContainText('deploy');
  await page.getByRole('dialog').getByRole('button', { name: 'Delete the provider' }).click();
  await expect(page.getByText('No identity providers yet')).toBeVisible();
});

test.describe('without JavaScript', () => {
  test.use({ javaScriptEnabled: false });

  test('a provider and a rule are made, changed and deleted, and a refused form keeps what was typed', async ({ page }) => {
    await signIn(page);
    await page.goto(providers);
    await page.getByRole('link', { name: 'New provider' }).click();
    await page.getByRole('link', { name: /^Kubernetes/ }).click();
    await page.getByLabel('Name', { exact: true }).fill('Cluster');
    await page.getByLabel('Issuer', { exact: true }).fill('nonsense');
    await page.getByRole('button', { name: 'Create' }).click();
    await expect(page.getByLabel('Issuer', { exact: true })).toHaveValue('nonsense');
    await expect(page.getByLabel('Issuer', { exact: true })).toHaveAttribute('aria-invalid', 'true');
    await page.getByLabel('Issuer', { exact: true }).fill('https://cluster.example.com');
    await page.getByRole('button', { name: 'Create' }).click();
    await expect(page.getByRole('heading', { name: 'Set up Cluster' })).toBeVisible();
    await expect(page.getByText('testing one needs JavaScript')).toBeVisible();

    await page.goto(identities);
    await page.getByRole('link', { name: 'New identity' }).click();
    await page.getByLabel('Name', { exact: true }).fill('pods');
    await page.getByLabel('Service account').fill('system:serviceaccount:shop');
    await page.getByLabel('Claim 1', { exact: true }).fill('/kubernetes.io/namespace');
    await page.getByLabel('Value of claim 1').fill('shop');
    await page.getByRole('button', { name: 'Create' }).click();
    await expect(page.getByText('Has to be pinned: system:serviceaccount:')).toBeVisible();
    await expect(page.getByLabel('Value of claim 1')).toHaveValue('shop');
    await page.getByLabel('Service account').fill('system:serviceaccount:shop:checkout');
    await page.getByRole('button', { name: 'Create' }).click();
    await expect(page.getByRole('row', { name: /pods/ })).toContainText('/kubernetes.io/namespace');

    await page.getByLabel('Actions for pods').click();
    await page.getByRole('link', { name: 'Change…' }).click();
    await page.getByLabel('Name', { exact: true }).fill('checkout pods');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByLabel('Actions for checkout pods').click();
    await page.getByRole('link', { name: 'Delete…' }).click();
    await page.getByRole('button', { name: 'Delete the identity' }).click();
    await expect(page.getByText('No identities yet')).toBeVisible();
  });
});
