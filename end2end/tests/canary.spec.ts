// No secret value in HTML, hydration data, logs, audit or database files.

import { stored } from './support/instance';
import { expect, open, row, secretsUrl, signIn, test } from './support/nexus';

const canary = 'canary-9f27c1e0-value';

test('a value that was stored and revealed is found nowhere but where it was asked for', async ({ page, api, nexus }) => {
  const answers: string[] = [];
  page.on('response', async (response) => {
    const kind = response.headers()['content-type'] ?? '';
    if (/html|json/.test(kind) && !response.url().includes('/_fn/reveal')) {
      answers.push(response.url() + (await response.text().catch(() => '')));
    }
  });
  await signIn(page);
  await open(page, `${secretsUrl}?new`);
  await page.getByLabel('Key', { exact: true }).fill('CANARY');
  await page.locator('[name=value]').fill(canary);
  await page.getByRole('button', { name: 'Create' }).click();
  await expect(row(page, 'CANARY')).toBeVisible();
  await open(page, `${secretsUrl}?open=CANARY`);
  await page.getByRole('button', { name: 'Reveal the value' }).click();
  await expect(page.getByText(canary)).toBeVisible();
  for (const path of [secretsUrl, `${secretsUrl}?open=CANARY`, '/t/acme/audit']) await open(page, path);

  const audit = JSON.stringify(await api.call('GET', '/audit?limit=200'));
  const encoded = Buffer.from(canary).toString('base64').slice(0, 24);
  const places = { answers: answers.join('\n'), audit, log: nexus.log(), files: stored(nexus.folder) };
  for (const [place, text] of Object.entries(places)) {
    expect(text.includes(canary) || text.includes(encoded), place).toBe(false);
  }
  expect(await api.value('CANARY')).toBe(canary);
});
