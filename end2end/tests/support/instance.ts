// A real Nexus for a test file: the program, on an empty folder and a free port, stopped by its own process id.

import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const program = process.env.NEXUS_BIN ?? fileURLToPath(new URL('../../../target/debug/nexus', import.meta.url));

export const owner = { email: 'ana@acme.test', password: 'tr4verse-Olive' };

export interface Instance {
  url: string;
  /** What `serve` printed on standard output until it was ready. */
  printed: string;
  /** A key of the management API; only of an instance that was made by `init`. */
  apiKey: string;
  folder: string;
  /** Everything that was logged so far. */
  log(): string;
  stop(): Promise<void>;
}

async function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => (address && typeof address === 'object' ? resolve(address.port) : reject(new Error('no port'))));
    });
  });
}

interface Wishes {
  /** More settings. */
  more?: Record<string, string>;
  /** Passkeys need a host with a name. */
  host?: string;
}

/** Starts Nexus: waiting for its set-up, or with tenant `acme` and its owner. */
export async function start(kind: 'empty' | 'founded', { more = {}, host = '127.0.0.1' }: Wishes = {}): Promise<Instance> {
  const folder = mkdtempSync(join(tmpdir(), 'nexus-e2e-'));
  const port = await freePort();
  const url = `http://${host}:${port}`;
  const listen = `127.0.0.1:${port}`;
  const env = {
    ...process.env, NEXUS_DATA_DIR: folder, NEXUS_LISTEN: listen, NEXUS_PUBLIC_URL: url, NEXUS_LOG: 'debug', ...more,
  };
  let apiKey = '';
  if (kind === 'founded') {
    const flags = ['init', '--tenant', 'acme', '--email', owner.email, '--password-stdin', '--json'];
    const made = spawnSync(program, flags, { env, input: `${owner.password}\n`, encoding: 'utf8' });
    if (made.status !== 0) throw new Error(`nexus init: ${made.stderr}`);
    apiKey = JSON.parse(made.stdout).api_key;
  }
  const child = spawn(program, ['serve'], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  let printed = '';
  let logged = '';
  child.stderr.on('data', (data) => (logged += data));
  await new Promise<void>((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`nexus serve ended with ${code}: ${logged}`)));
    child.stdout.on('data', (data) => {
      printed += data;
      if (printed.includes('Nexus is ready')) resolve();
    });
  });
  child.removeAllListeners('exit');
  return { url, printed, apiKey, folder, log: () => printed + logged, stop: () => stop(child, folder, () => logged) };
}

/** A panic is a defect whatever the page showed, so that every test file ends by looking for one. */
async function stop(child: ChildProcess, folder: string, logged: () => string): Promise<void> {
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  await ended;
  rmSync(folder, { recursive: true, force: true });
  const panic = /.*panicked at.*\n.*/.exec(logged());
  if (panic) throw new Error(`the server had a panic: ${panic[0]}`);
}

/** Every byte of the data folder, as text that can be searched. */
export function stored(folder: string): string {
  return readdirSync(folder)
    .filter((name) => name.startsWith('nexus.db') || name.endsWith('.jsonl'))
    .map((name) => readFileSync(join(folder, name), 'latin1'))
    .join('\n');
}
