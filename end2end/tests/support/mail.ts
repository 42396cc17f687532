// Somebody else's mail server, as a program beside Nexus: aiosmtpd, which takes the mail and tells what came.

import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const program = fileURLToPath(new URL('../../../tests/third-party/mail/receiver.py', import.meta.url));

export interface Mail {
  to: string[];
  from: string;
  headers: Record<string, string>;
  encrypted: boolean;
  plain: string;
  html: string;
}

export class Receiver {
  private readonly mails: Mail[] = [];
  private waiting: (() => void)[] = [];

  private constructor(
    private readonly child: ReturnType<typeof spawn>,
    /** The settings with which Nexus sends there. */
    readonly settings: Record<string, string>,
  ) {}

  static async start(kind: 'plain' | 'secure'): Promise<Receiver> {
    const python = process.env.NEXUS_TEST_PYTHON;
    if (!python) throw new Error('NEXUS_TEST_PYTHON is not set: `cargo xtask test` installs what it names');
    const child = spawn(python, [program, kind], { stdio: ['pipe', 'pipe', 'pipe'] });
    let complaints = '';
    child.stderr.on('data', (data) => (complaints += data));
    const lines = createInterface({ input: child.stdout });
    const first = await new Promise<string>((resolve, reject) => {
      lines.once('line', resolve);
      child.once('exit', () => reject(new Error(`the mail server ended: ${complaints}`)));
    });
    const { port, ca } = JSON.parse(first);
    const credentials = `${encodeURIComponent('nexus@mail.test')}:${encodeURIComponent('pass:word/with ünusual@signs')}`;
    const settings: Record<string, string> =
      kind === 'plain'
        ? { NEXUS_SMTP_URL: `smtp://localhost:${port}` }
        : { NEXUS_SMTP_URL: `smtp://${credentials}@localhost:${port}?tls=required`, SSL_CERT_FILE: ca };
    const receiver = new Receiver(child, { NEXUS_MAIL_FROM: 'Nexus <nexus@acme.test>', ...settings });
    lines.on('line', (line) => receiver.take(JSON.parse(line)));
    return receiver;
  }

  private take(mail: Mail): void {
    this.mails.push(mail);
    for (const wake of this.waiting.splice(0)) wake();
  }

  /** The newest mail to an address, as soon as there is one; `after` leaves out that many earlier ones. */
  async to(address: string, after = 0): Promise<Mail> {
    for (;;) {
      const found = this.mails.filter((mail) => mail.to.includes(address));
      if (found.length > after) return found[found.length - 1];
      await new Promise<void>((resolve) => this.waiting.push(resolve));
    }
  }

  async stop(): Promise<void> {
    const ended = new Promise((resolve) => this.child.once('exit', resolve));
    this.child.stdin?.end();
    await ended;
  }
}

/** The path of the link in a mail, the same in both of its forms. */
export function linkIn(mail: Mail): string {
  const path = /\/invitation\/[0-9a-f]{64}/.exec(mail.plain)?.[0];
  if (!path || !mail.html.includes(path)) throw new Error(`no link in ${mail.plain}`);
  return path;
}
