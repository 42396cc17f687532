// OpenFeature's own providers, unmodified, as programs beside Nexus and as a page in the browser.

import { spawn } from 'node:child_process';
import { createReadStream } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join, normalize } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const folder = fileURLToPath(new URL('../../../tests/third-party/openfeature', import.meta.url));

function given(name: string): string {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set: run \`cargo xtask test\`, which installs what it names`);
  return value;
}

/** What a provider says of each flag. */
export type Answers = Record<string, { value?: unknown; variant?: string; reason?: string; error?: string }>;

export const clients = {
  'Node.js': () => ['node', join(folder, 'server.mjs')],
  Python: () => [given('NEXUS_TEST_PYTHON'), join(folder, 'server.py')],
  Rust: () => [given('NEXUS_TEST_RUST_CLIENT')],
};

/** A running client that evaluates all flags whenever it is asked. */
export class Client {
  private constructor(
    private readonly child: ReturnType<typeof spawn>,
    private readonly lines: AsyncIterator<string>,
    private readonly complaints: () => string,
  ) {}

  static start(kind: keyof typeof clients, url: string, key: string, context: object): Client {
    given('NEXUS_TEST_NODE_MODULES');
    const [program, ...script] = clients[kind]();
    const child = spawn(program, [...script, url, key, JSON.stringify(context)], { stdio: ['pipe', 'pipe', 'pipe'] });
    let complaints = '';
    child.stderr.on('data', (data) => (complaints += data));
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    return new Client(child, lines, () => complaints);
  }

  async evaluate(): Promise<Answers> {
    this.child.stdin?.write('\n');
    const { value, done } = await this.lines.next();
    if (done) throw new Error(`the client ended: ${this.complaints()}`);
    return JSON.parse(value);
  }

  async end(): Promise<void> {
    const ended = new Promise((resolve) => this.child.once('exit', resolve));
    this.child.stdin?.end();
    await ended;
  }
}

const page = `<!doctype html><title>A shop</title><output></output>
<script type="importmap">{"imports": {
  "@openfeature/core": "/node_modules/@openfeature/core/dist/esm/index.js",
  "@openfeature/web-sdk": "/node_modules/@openfeature/web-sdk/dist/esm/index.js",
  "@openfeature/ofrep-core": "/node_modules/@openfeature/ofrep-web-provider/node_modules/@openfeature/ofrep-core/index.esm.js",
  "@openfeature/ofrep-web-provider": "/node_modules/@openfeature/ofrep-web-provider/index.esm.js"
}}</script><script type="module" src="/web.mjs"></script>`;

/** A site of somebody else's, on another origin, that uses the provider for browsers. */
export async function site(): Promise<{ url: string; stop(): void }> {
  const modules = given('NEXUS_TEST_NODE_MODULES');
  const server = createServer((request, response) => {
    const path = normalize(new URL(request.url ?? '/', 'http://site').pathname);
    if (path === '/') return response.setHeader('content-type', 'text/html').end(page);
    if (extname(path) === '.ico') return response.writeHead(204).end();
    const file = path === '/web.mjs' ? join(folder, 'web.mjs') : join(modules, '..', path);
    response.setHeader('content-type', 'text/javascript');
    createReadStream(file).once('error', () => response.writeHead(404).end()).pipe(response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}/`, stop: () => server.close() };
}
