// How the end-to-end tests run: a real Chromium that is already on the machine, one browser context
// per test, and a list for people plus a JSON file from which `cargo xtask test` reads the totals.
import { defineConfig } from '@playwright/test';

export default defineConfig({
  testDir: './tests',
  outputDir: '../target/e2e/artifacts',
  // Two cores are what a test machine has: the browser takes one, the server the other.
  workers: 1,
  // A test that needs a second try is a defect, in the test or in the product.
  retries: 0,
  // Deadlines of what never happens: a busy machine may take its time, and a test that passes waits for nothing.
  timeout: 90_000,
  expect: { timeout: 15_000 },
  forbidOnly: true,
  reporter: [['list'], ['json', { outputFile: '../target/e2e/results.json' }]],
  use: {
    trace: 'off',
    video: 'off',
    screenshot: 'only-on-failure',
    launchOptions: {
      executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
      args: [
        // Tests may run as root in a container, where Chromium's own sandbox cannot start.
        '--no-sandbox',
        '--disable-gpu',
        '--disable-quic',
        '--no-first-run',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
      ],
    },
  },
});
