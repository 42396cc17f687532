// More people than the owner. Their rows are written into the instance's database, with the owner's password, so that a
// test about members needs neither mail nor an invitation.

import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, type Page } from '@playwright/test';
import { owner, type Instance } from './instance';

const python = process.env.NEXUS_TEST_PYTHON ?? 'python3';

const script = `
import sqlite3, sys, time, uuid
path, email, role = sys.argv[1:]
db = sqlite3.connect(path, timeout=20)
user, now, handle = uuid.uuid4().bytes, int(time.time() * 1e6), email.split("@")[0]
with db:
    db.execute("INSERT INTO users (id, email, password_hash, created_at) "
               "SELECT ?, ?, password_hash, ? FROM users ORDER BY created_at LIMIT 1", (user, email, now))
    db.execute("INSERT INTO memberships (tenant_id, user_id, role, handle, created_at) "
               "SELECT id, ?, ?, ?, ? FROM tenants WHERE slug = 'acme'", (user, role, handle, now))
`;

/** Adds somebody to the tenant; `bo@acme.test` gets the handle `bo`. */
export function addPerson(nexus: Instance, email: string, role: 'owner' | 'finance' | 'member' = 'member'): void {
  const done = spawnSync(python, ['-c', script, join(nexus.folder, 'nexus.db'), email, role], { encoding: 'utf8' });
  expect(done.status, done.stderr).toBe(0);
}

export async function signInAs(page: Page, email: string): Promise<void> {
  await page.goto('/sign-in');
  await page.getByLabel('Email').fill(email);
  await page.getByLabel('Password').fill(owner.password);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await expect(page).toHaveURL(/\/t\/acme\/projects/);
  await expect(page.locator('summary[aria-label^="Account"]')).toBeVisible();
}
