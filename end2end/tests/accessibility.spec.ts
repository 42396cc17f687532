// Every page in both themes and at the width of a telephone.

import { faultsAt, faultsOf } from './support/appearance';
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
  '/t/acme/api-log',
  '/t/acme/api-log?status=5xx',
  '/t/acme/settings',
  '/t/acme/environments?edit=staging',
  '/t/acme/environments?new',
  '/t/acme/api-keys',
  '/t/acme/api-keys?environment=develop&new',
  '/t/acme/api-keys?environment=all',
  '/t/acme/identity-providers',
  '/t/acme/identity-providers?new',
  '/t/acme/identity-providers?kind=github',
  '/t/acme/identity-providers?kind=aws_iam',
  '/t/acme/projects/shop/live/checkout-api/identities',
  '/t/acme/sign-in',
  '/account/security',
  '/t/acme/sign-in?new=oidc',
  '/account/connections',
  '/t/acme/nowhere',
];

test('no page has a violation in either theme, or scrolls sideways at 390 pixels', async ({ page, api }) => {
  test.setTimeout(180_000);
  await api.secret('OPENED', 'one');
  await api.version('OPENED', 'two', 'Second');
  const when = { all: [{ attribute: 'plan', op: 'eq', value: 'pro' }, { attribute: 'age', op: 'gt', value: 17 }] };
  const variants = [{ name: 'on', value: true }, { name: 'off', value: false }];
  const split = [{ variant: 'on', weight: 3 }, { variant: 'off', weight: 1 }];
  await api.call('POST', '/projects/shop/services/checkout-api/flags', {
    key: 'targeted', state: 'scheduled', starts_at: '2999-01-01T00:00:00Z', variants,
    rules: [{ id: 'payers', when, serve: { split } }], rollout: { percentage: 25 },
  });
  const outside = await faultsAt(page, ['/sign-in']);
  await signIn(page);
  const found = await faultsAt(page, inside);
  // A page without a script.
  await page.goto('/api/docs');
  expect([...outside, ...found, ...(await faultsOf(page))]).toEqual([]);
});

test('the theme that was chosen is the one that the server renders', async ({ page }) => {
  await signIn(page);
  await open(page, '/t/acme/projects');
  await page.context().addCookies([{ name: 'theme', value: 'dark', url: page.url() }]);
  await page.goto('/t/acme/projects');
  await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark');
});
