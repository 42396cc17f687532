// axe on every page, in both themes; and every page at the width of a telephone.

import AxeBuilder from '@axe-core/playwright';
import { expect, open, secretsUrl, signIn, test } from './support/nexus';

const flagsUrl = '/t/acme/projects/shop/live/checkout-api/flags';
const inside = [
  '/t/acme/projects',
  '/t/acme/projects?new',
  '/t/acme/projects/shop',
  '/t/acme/projects/shop?new',
  '/t/acme/projects/shop?dev_envs=true',
  '/t/acme/projects/shop/grid?service=checkout-api',
  '/t/acme/projects/shop/grid?service=checkout-api&kind=secret',
  '/t/acme/projects/shop/grid?service=checkout-api&kind=secret&from=live&to=develop&keys=OPENED',
  '/t/acme/projects/shop/audit',
  '/t/acme/projects/shop/settings',
  '/t/acme/projects/shop/settings?tier=free',
  secretsUrl,
  `${secretsUrl}?new`,
  `${secretsUrl}?open=OPENED`,
  `${secretsUrl}?open=OPENED&form=version`,
  `${secretsUrl}?open=OPENED&confirm=delete`,
  `${secretsUrl}?open=OPENED&why`,
  `${secretsUrl}?import`,
  `${secretsUrl}?export`,
  `${secretsUrl}?deleted`,
  '/t/acme/projects/shop/live/checkout-api/configs',
  '/t/acme/projects/shop/live/checkout-api/configs?new',
  '/t/acme/projects/shop/live/checkout-api/configs?import',
  '/t/acme/projects/shop/live/checkout-api/configs?export',
  '/t/acme/projects/shop/live/checkout-api/configs?deleted',
  flagsUrl,
  `${flagsUrl}?new`,
  `${flagsUrl}?open=targeted`,
  `${flagsUrl}?open=targeted&form=version`,
  `${flagsUrl}?open=targeted&form=json`,
  `${flagsUrl}?open=targeted&form=explain&user=user-1&attributes=plan%3Dpro`,
  `${flagsUrl}?deleted`,
  '/t/acme/projects/shop/tester',
  '/t/acme/projects/shop/tester?at=live%2Fcheckout-api&user=user-1',
  '/t/acme/projects/shop/live/checkout-api/keys',
  '/t/acme/projects/shop/live/checkout-api/settings',
  '/t/acme/audit',
  '/t/acme/settings',
  '/t/acme/environments?edit=staging',
  '/t/acme/environments?new',
  '/t/acme/api-keys',
  '/t/acme/api-keys?environment=develop&new',
  '/t/acme/api-keys?environment=all',
  '/t/acme/sign-in',
  '/account/security',
  '/t/acme/sign-in?new=oidc',
  '/account/connections',
  '/t/acme/nowhere',
];

for (const theme of ['light', 'dark'] as const) {
  test(`no page has a violation in the ${theme} theme`, async ({ page, api }) => {
    test.setTimeout(180_000);
    await page.emulateMedia({ colorScheme: theme });
    const found: string[] = [];
    const check = async (path: string) => {
      await page.goto(path);
      await page.waitForLoadState('networkidle');
      const { violations } = await new AxeBuilder({ page }).analyze();
      for (const { id, nodes } of violations) found.push(`${path}: ${id}: ${nodes.map((node) => node.html).join(' ')}`);
    };
    await check('/sign-in');
    await signIn(page);
    if (theme === 'light') {
      await api.secret('OPENED', 'one');
      await api.version('OPENED', 'two', 'Second');
      const when = { all: [{ attribute: 'plan', op: 'eq', value: 'pro' }, { attribute: 'age', op: 'gt', value: 17 }] };
      const variants = [{ name: 'on', value: true }, { name: 'off', value: false }];
      const split = [{ variant: 'on', weight: 3 }, { variant: 'off', weight: 1 }];
      await api.call('POST', '/projects/shop/services/checkout-api/flags', {
        key: 'targeted', state: 'scheduled', starts_at: '2999-01-01T00:00:00Z', variants,
        rules: [{ id: 'payers', when, serve: { split } }], rollout: { percentage: 25 },
      });
    }
    for (const path of inside) await check(path);
    await check('/api/docs');
    expect(found).toEqual([]);
  });
}

test('no page scrolls sideways at 390 pixels', async ({ page }) => {
  await page.setViewportSize({ width: 390, height: 844 });
  await signIn(page);
  const wide: string[] = [];
  for (const path of inside) {
    await page.goto(path);
    const over = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    if (over > 0) wide.push(`${path}: ${over} px`);
  }
  expect(wide).toEqual([]);
});

test('the theme that was chosen is the one that the server renders', async ({ page }) => {
  await signIn(page);
  await open(page, '/t/acme/projects');
  await page.context().addCookies([{ name: 'theme', value: 'dark', url: page.url() }]);
  await page.goto('/t/acme/projects');
  await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark');
});
