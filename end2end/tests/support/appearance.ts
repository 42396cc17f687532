// What every page has to be: without a violation in either theme, and no wider than a telephone.

import AxeBuilder from '@axe-core/playwright';
import type { Page } from '@playwright/test';
import { open } from './nexus';

const desk = { width: 1280, height: 800 };
const telephone = { width: 390, height: 844 };
/** The rules that a change of colours can break; all others say the same in both themes. */
const ofColours = ['color-contrast', 'link-in-text-block'];

async function violations(page: Page, rules?: string[]): Promise<string[]> {
  // There are no frames, for which alone axe would open a page of its own each time.
  const axe = new AxeBuilder({ page }).setLegacyMode();
  const found = await (rules ? axe.withRules(rules) : axe).analyze();
  return found.violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(' ')}`);
}

/** What is wrong with the page that is shown. */
export async function faultsOf(page: Page): Promise<string[]> {
  await page.setViewportSize(desk);
  // Colours that are on their way to others have no contrast that anybody would see.
  await page.emulateMedia({ colorScheme: 'light', reducedMotion: 'reduce' });
  const light = await violations(page);
  await page.emulateMedia({ colorScheme: 'dark' });
  const dark = await violations(page, ofColours);
  await page.setViewportSize(telephone);
  const over = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
  await page.setViewportSize(desk);
  await page.emulateMedia({ colorScheme: null, reducedMotion: null });
  return [...light, ...dark.map((fault) => `dark: ${fault}`), ...(over > 0 ? [`${over} px too wide`] : [])];
}

/** What is wrong with each of the pages. */
export async function faultsAt(page: Page, paths: string[]): Promise<string[]> {
  const found: string[] = [];
  for (const path of paths) {
    await open(page, path);
    found.push(...(await faultsOf(page)).map((fault) => `${path}: ${fault}`));
  }
  return found;
}
