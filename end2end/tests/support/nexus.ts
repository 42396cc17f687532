// What every test has: a signed-in page on an instance of the file's own, whose console has to stay empty.

import { test as base, expect, type APIRequestContext, type Page } from '@playwright/test';
import { owner, start, type Instance } from './instance';

export { expect, owner };

export const service = { project: 'shop', environment: 'live', name: 'checkout-api' };
export const secretsUrl = '/t/acme/projects/shop/live/checkout-api/secrets';

/** The management API of an instance. */
export class Api {
  constructor(private readonly request: APIRequestContext, private readonly nexus: Instance) {}

  async call(method: string, path: string, data?: unknown) {
    const headers = { authorization: `Bearer ${this.nexus.apiKey}` };
    const response = await this.request.fetch(`${this.nexus.url}/api/v1${path}`, { method, headers, data });
    expect(response.ok(), `${method} ${path}: ${response.status()} ${await response.text()}`).toBe(true);
    return response.status() === 204 ? undefined : response.json();
  }

  async secret(key: string, value: string, at = service.name): Promise<void> {
    await this.call('POST', `/projects/shop/services/${at}/secrets`, { key, value });
  }

  async version(key: string, value: string, description: string): Promise<void> {
    await this.call('POST', `/projects/shop/services/${service.name}/secrets/${key}/versions`, { value, description });
  }

  async value(key: string): Promise<string> {
    return (await this.call('GET', `/projects/shop/services/${service.name}/secrets/${key}`)).value;
  }

  /** Project Shop with checkout-api, which inherits from the umbrella `shared`, and a frontend. */
  async shop(): Promise<void> {
    await this.call('POST', '/projects', { name: 'Shop' });
    const make = (data: object) => this.call('POST', '/projects/shop/services', data);
    await make({ name: 'shared', kind: 'backend', umbrella: true });
    await make({ name: service.name, kind: 'backend' });
    await make({ name: 'storefront', kind: 'frontend' });
    await make({ name: service.name, kind: 'backend', environment: 'develop' });
    await this.call('PUT', `/projects/shop/services/${service.name}/umbrella`, { umbrella: 'shared' });
  }
}

type Fixtures = { api: Api; quiet: void };
type WorkerFixtures = { nexus: Instance };

/** Tests share one instance with project Shop in it; each makes secrets of its own. */
export const test = base.extend<Fixtures, WorkerFixtures>({
  nexus: [
    async ({ playwright }, use) => {
      const nexus = await start('founded');
      const request = await playwright.request.newContext();
      await new Api(request, nexus).shop();
      await request.dispose();
      await use(nexus);
      await nexus.stop();
    },
    { scope: 'worker' },
  ],
  baseURL: async ({ nexus }, use) => use(nexus.url),
  api: async ({ request, nexus }, use) => use(new Api(request, nexus)),
  // Nothing may be written to the browser's console, and no script may fail.
  quiet: [
    async ({ page, javaScriptEnabled }, use) => {
      const noise: string[] = [];
      // Refused forms answer with their status, which Chromium notes by itself.
      const expected = /Failed to load resource: the server responded with a status of (4\d\d|503)/;
      page.on('console', (message) => {
        // Without a script nobody needs what the page had Chromium load ahead, as it notes.
        const idle = javaScriptEnabled === false && message.text().includes('was preloaded using link preload');
        // What it notes for those who ask for every detail is not shown by default.
        const shown = (message.type() as string) !== 'verbose' && !idle && !expected.test(message.text());
        if (shown) noise.push(`${message.type()}: ${message.text()}`);
      });
      page.on('pageerror', (error) => noise.push(error.message));
      await use();
      expect(noise, 'the browser console').toEqual([]);
    },
    { auto: true },
  ],
});

export async function signIn(page: Page): Promise<void> {
  // Wherever the one before in this instance was last.
  await page.goto('/sign-in?next=%2Ft%2Facme%2Fprojects');
  await page.getByLabel('Email').fill(owner.email);
  await page.getByLabel('Password').fill(owner.password);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await isIn(page);
}

/** Waits until somebody who signed in is there: both parts of the page have read what they show, so that no answer (and
 * no cookie in it) comes after a test goes on. */
export async function isIn(page: Page): Promise<void> {
  await expect(page).toHaveURL(/\/t\/acme\/projects/);
  await expect(page.getByRole('heading', { level: 1, name: 'Projects' })).toBeVisible();
  await expect(page.locator('summary[aria-label^="Account"]')).toBeVisible();
}

/** Opens a page and waits until its script has taken over. */
export async function open(page: Page, path: string): Promise<void> {
  await page.goto(path);
  await expect(page.locator('html')).toHaveAttribute('data-js', '');
}

/** The row of a secret. */
export const row = (page: Page, key: string) => page.locator(`tr[data-key="${key}"]`);
