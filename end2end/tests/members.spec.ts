// Members in the browser: roles, removal with what goes along, the last owner, two people at once, several tenants.

import { faultsAt } from './support/appearance';
import { expect, open, owner, signIn, test } from './support/nexus';
import { addPerson, signInAs } from './support/people';

const tenant = '/t/acme/members';
const project = '/t/acme/projects/shop/members';

/** The row of a person. */
const line = (page: import('@playwright/test').Page, email: string) => page.locator('tr', { hasText: email });

test('somebody is added to a project as a developer, changed, and removed with what is lost', async ({ page, nexus }) => {
  addPerson(nexus, 'bo@acme.test');
  await signIn(page);
  await open(page, project);
  await page.getByRole('link', { name: 'Add a member' }).click();
  await page.getByLabel('Address', { exact: true }).selectOption('bo@acme.test');
  await page.getByLabel('Role', { exact: true }).selectOption('developer');
  await page.getByRole('button', { name: 'Add' }).click();
  await expect(line(page, 'bo@acme.test')).toContainText('dev_bo');
  await page.getByRole('link', { name: 'Change the role of bo@acme.test' }).click();
  await expect(page.getByText('is kept, closed, until a role opens it again')).toBeVisible();
  await page.getByLabel('Role', { exact: true }).selectOption('tester');
  await page.getByRole('button', { name: 'Save' }).click();
  // The form lists every role: what was saved is said.
  await expect(page.getByText('bo@acme.test is tester of shop now')).toBeVisible();
  await page.getByRole('link', { name: 'Remove bo@acme.test' }).click();
  const dialog = page.getByRole('dialog');
  await expect(dialog).toContainText('Developer environment dev_bo of shop');
  await dialog.getByRole('button', { name: 'Remove' }).click();
  await expect(line(page, 'bo@acme.test')).toHaveCount(0);
});

test('a developer finds the environment that came with the role', async ({ page, nexus, api, browser }) => {
  addPerson(nexus, 'dora@acme.test');
  await api.call('POST', '/projects/shop/members', { email: 'dora@acme.test', role: 'developer' });
  const context = await browser.newContext({ baseURL: nexus.url });
  const theirs = await context.newPage();
  await signInAs(theirs, 'dora@acme.test');
  await open(theirs, '/t/acme/projects/shop?dev_envs=true');
  await expect(theirs.locator('main')).toContainText('dev_dora');
  await expect(theirs.locator('main')).toContainText('YOURS');
  await expect(theirs.getByRole('link', { name: 'Members', exact: true })).toHaveCount(1);
  await context.close();
  await signIn(page);
  await open(page, tenant);
  await expect(line(page, 'dora@acme.test')).toContainText('shop developer dev_dora');
});

test('the last owner stays, and says why', async ({ page }) => {
  await signIn(page);
  await open(page, tenant);
  await page.getByRole('link', { name: `Change the role of ${owner.email}` }).click();
  await page.getByLabel('Tenant role').selectOption('member');
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByText('is the last owner of the tenant')).toBeVisible();
  await open(page, '/account/tenants?leave=acme');
  await page.getByLabel('Type acme to confirm').fill('acme');
  await page.getByRole('button', { name: 'Leave', exact: true }).click();
  await expect(page.getByText('is the last owner of the tenant')).toBeVisible();
});

test('of two owners who demote each other the second is refused', async ({ page, nexus, browser, api }) => {
  addPerson(nexus, 'otto@acme.test', 'owner');
  const context = await browser.newContext({ baseURL: nexus.url });
  const other = await context.newPage();
  await signIn(page);
  await signInAs(other, 'otto@acme.test');
  const begin = async (who: typeof page, email: string) => {
    await open(who, tenant);
    await who.getByRole('link', { name: `Change the role of ${email}` }).click();
    await who.getByLabel('Tenant role').selectOption('member');
  };
  await begin(page, 'otto@acme.test');
  await begin(other, owner.email);
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByText('otto@acme.test is member now')).toBeVisible();
  await other.getByRole('button', { name: 'Save' }).click();
  await expect(other.getByText('Your role does not allow this')).toBeVisible();
  const members = (await api.call('GET', '/members')).data;
  expect(members.filter((it: { role: string }) => it.role === 'owner').length).toBe(1);
  await context.close();
});

test('what a person may do stands in the table of roles', async ({ page, nexus, api }) => {
  addPerson(nexus, 'vera@acme.test');
  await api.call('POST', '/projects/shop/members', { email: 'vera@acme.test', role: 'viewer' });
  await signIn(page);
  await open(page, tenant);
  await page.getByRole('link', { name: 'What may vera@acme.test do?' }).click();
  const rights = page.getByRole('dialog').locator('tr');
  await expect(rights.filter({ hasText: 'read configs and flags' })).toContainText('yes');
  await expect(rights.filter({ hasText: 'reveal secret values' })).toContainText('no');
  await page.keyboard.press('Escape');
  await expect(page.getByRole('dialog')).toHaveCount(0);
  await open(page, `${project}?roles`);
  await expect(page.getByRole('dialog').locator('tr').filter({ hasText: 'invite members' })).toContainText('not owners');
});

test('a tenant is made, switched to, and removed members lose it', async ({ page, nexus, browser }) => {
  addPerson(nexus, 'rob@acme.test');
  const context = await browser.newContext({ baseURL: nexus.url });
  const theirs = await context.newPage();
  await signInAs(theirs, 'rob@acme.test');
  await open(theirs, '/t/acme/projects');
  await theirs.locator('summary[aria-label^="Tenant:"]').click();
  await theirs.getByRole('link', { name: 'New tenant' }).click();
  await theirs.getByLabel('Name').fill('Robs');
  await theirs.getByRole('button', { name: 'Create' }).click();
  await expect(theirs).toHaveURL(/\/t\/robs\/projects$/);
  await signIn(page);
  await open(page, tenant);
  await page.getByRole('link', { name: 'Remove rob@acme.test' }).click();
  await page.getByLabel('Type rob@acme.test to confirm').fill('rob@acme.test');
  await page.getByRole('dialog').getByRole('button', { name: 'Remove' }).click();
  await expect(line(page, 'rob@acme.test')).toHaveCount(0);
  await theirs.goto('/t/acme/projects');
  await expect(theirs.getByText('There is nothing here')).toBeVisible();
  await theirs.goto('/');
  await expect(theirs).toHaveURL(/\/t\/robs\/projects$/);
  await theirs.goto('/account/tenants');
  await expect(theirs.locator('tr', { hasText: 'acme' })).toHaveCount(0);
  await context.close();
});

test('no page of members has a violation in either theme, or scrolls sideways', async ({ page, nexus, api }) => {
  test.setTimeout(120_000);
  const email = 'ann@acme.test';
  addPerson(nexus, email);
  await api.call('POST', '/projects/shop/members', { email, role: 'developer' });
  const { id } = (await api.call('GET', `/members?q=${email}`)).data[0];
  await signIn(page);
  const pages = [tenant, `${tenant}?edit=${id}`, `${tenant}?confirm=${id}`, `${tenant}?may=${id}`, `${tenant}?q=nobody`];
  pages.push(project, `${project}?new`, `${project}?roles`, `${project}?edit=${id}`, `${project}?confirm=${id}`);
  pages.push('/account/tenants', '/account/tenants?new', '/account/tenants?leave=acme');
  expect(await faultsAt(page, pages)).toEqual([]);
});

test.describe('without JavaScript', () => {
  test.use({ javaScriptEnabled: false });

  test('members are added, changed and removed by forms', async ({ page, nexus, api }) => {
    addPerson(nexus, 'pat@acme.test');
    await signIn(page);
    await page.goto(project);
    await page.getByRole('link', { name: 'Add a member' }).click();
    await page.getByLabel('Address', { exact: true }).selectOption('pat@acme.test');
    await page.getByLabel('Role', { exact: true }).selectOption('viewer');
    await page.getByRole('button', { name: 'Add' }).click();
    await expect(line(page, 'pat@acme.test')).toContainText('viewer');
    await page.getByRole('link', { name: 'Change the role of pat@acme.test' }).click();
    await page.getByLabel('Role', { exact: true }).selectOption('developer');
    await page.getByRole('button', { name: 'Save' }).click();
    await expect(line(page, 'pat@acme.test')).toContainText('dev_pat');

    await page.goto(tenant);
    await page.getByRole('link', { name: 'What may pat@acme.test do?' }).click();
    await expect(page.getByRole('dialog')).toContainText('everything inside the own developer environment');
    await page.goto(tenant);
    await page.getByRole('link', { name: 'Remove pat@acme.test' }).click();
    await expect(page.getByRole('dialog')).toContainText('dev_pat');
    await page.getByLabel('Type pat@acme.test to confirm').fill('pat');
    await page.getByRole('button', { name: 'Remove' }).click();
    await expect(page.getByText('Type pat@acme.test to confirm').first()).toBeVisible();
    await page.getByLabel('Type pat@acme.test to confirm').fill('pat@acme.test');
    await page.getByRole('button', { name: 'Remove' }).click();
    await expect(page.getByText('pat@acme.test is removed')).toBeVisible();
    const members = (await api.call('GET', '/members?q=pat')).data;
    expect(members).toEqual([]);
  });

  test('a tenant is made and left behind', async ({ page }) => {
    await signIn(page);
    await page.goto('/account/tenants?new');
    await page.getByLabel('Name').fill('Acme');
    await page.getByRole('button', { name: 'Create' }).click();
    await expect(page.getByText('A tenant with this slug exists')).toBeVisible();
    await page.getByLabel('Slug').fill('acme-plain');
    await page.getByRole('button', { name: 'Create' }).click();
    await expect(page).toHaveURL(/\/t\/acme-plain\/projects$/);
  });
});
