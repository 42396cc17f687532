// Somebody else's provider of OpenID Connect, unmodified, as a program beside Nexus.

import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { start, type Instance } from './instance';
import { test as base } from './nexus';

const script = fileURLToPath(new URL('../../../tests/third-party/oidc-provider.mjs', import.meta.url));

export class Provider {
  private constructor(
    private readonly child: ChildProcess,
    private readonly lines: AsyncIterator<string>,
    readonly issuer: string,
  ) {}

  static async start(): Promise<Provider> {
    const child = spawn('node', [script, 'nexus', 'a client secret', 'http://127.0.0.1/'], { stdio: ['pipe', 'pipe', 'ignore'] });
    const lines = createInterface({ input: child.stdout! })[Symbol.asyncIterator]();
    return new Provider(child, lines, (await lines.next()).value);
  }

  /** What an instance has to be told of it. */
  get settings(): Record<string, string> {
    const own = `{kind="oidc",name="Theirs",issuer="${this.issuer}",client_id="nexus",client_secret="a client secret"}`;
    return { NEXUS_SIGN_IN_PROVIDERS: `[${own}]`, NEXUS_EGRESS_ALLOW: '127.0.0.1', NEXUS_EGRESS_HTTP: 'true' };
  }

  /** Sends people back to this instance. */
  async leadsBackTo(url: string): Promise<void> {
    this.child.stdin!.write(`${JSON.stringify({ back: `${url}/sign-in/callback` })}\n`);
    await this.lines.next();
  }

  stop(): void {
    this.child.kill();
  }
}

/** Tests on an instance of their own whose people sign in with such a provider. */
export const testWithProvider = () =>
  base.extend<object, { nexus: Instance }>({
    nexus: [
      async ({}, use) => {
        const provider = await Provider.start();
        const nexus = await start('founded', { more: provider.settings });
        await provider.leadsBackTo(nexus.url);
        await use(nexus);
        await nexus.stop();
        provider.stop();
      },
      { scope: 'worker' },
    ],
  });
