// A provider of OpenID Connect (the npm package oidc-provider) and a browser that goes to it. The first line
// that is written is the issuer. Then, for each line of JSON on the input, one line of JSON comes back:
//
//   {"visit": address, "as": person}   a person agrees; answers where the browser is sent at the end.
//                                      "change" puts other parameters into the address first
//   {"rotate": true}                   signs with a new key from now on
//   {"issuer": other}                  says from now on that it is somebody else
//   {"down": true}                     answers nothing but errors
//   {"back": address}                  sends people back to this address from now on
//
// A browser that says nobody's name is eve's.

import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';

// Its remarks must not stand among the answers.
console.info = console.warn = console.error;

const require = createRequire(join(process.env.NEXUS_TEST_NODE_MODULES, 'here'));
const { Provider } = await import(pathToFileURL(require.resolve('oidc-provider')));
const [clientId, clientSecret, firstRedirectUri] = process.argv.slice(2);
let redirectUri = firstRedirectUri;

const PEOPLE = {
  eve: { email: 'eve@corp.test', email_verified: true, name: 'Eve' },
  unverified: { email: 'una@corp.test', email_verified: false },
  mute: {},
};

let down = false;
let handler = (_, answer) => answer.writeHead(503).end();
const server = createServer((request, answer) => (down ? answer.writeHead(503).end() : handler(request, answer)));
await new Promise((ready) => server.listen(0, '127.0.0.1', ready));
const issuer = `http://127.0.0.1:${server.address().port}`;

function begin(name) {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const key = { ...privateKey.export({ format: 'jwk' }), kid: randomUUID(), alg: 'RS256', use: 'sig' };
  const provider = new Provider(name, {
    clients: [{ client_id: clientId, client_secret: clientSecret, redirect_uris: [redirectUri] }],
    jwks: { keys: [key] },
    cookies: { keys: [randomUUID()] },
    claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name'] },
    features: { devInteractions: { enabled: false } },
    interactions: { url: (_, interaction) => `/interaction/${interaction.uid}` },
    findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id, ...PEOPLE[id] }) }),
  });
  const answers = provider.callback();
  handler = (request, answer) =>
    request.url.startsWith('/interaction/') ? agree(provider, request, answer) : answers(request, answer);
}

// Whoever is asked agrees to everything.
async function agree(provider, request, answer) {
  const { params, grantId, prompt } = await provider.interactionDetails(request, answer);
  const accountId = params.login_hint ?? 'eve';
  const grant = (grantId && (await provider.Grant.find(grantId))) || new provider.Grant({ accountId, clientId });
  grant.addOIDCScope('openid email profile');
  const result = { consent: { grantId: await grant.save() } };
  if (prompt.name === 'login') result.login = { accountId };
  await provider.interactionFinished(request, answer, result, { mergeWithLastSubmission: true });
}

// A browser with cookies, which stops before it leaves the provider.
async function visit({ visit: address, as: person, change }) {
  const cookies = new Map();
  let next = new URL(address);
  next.searchParams.set('login_hint', person);
  for (const [name, value] of Object.entries(change ?? {})) next.searchParams.set(name, value);
  for (let steps = 0; steps < 10 && next.href.startsWith(`${issuer}/`); steps += 1) {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const answer = await fetch(next, { redirect: 'manual', headers: { cookie } });
    for (const line of answer.headers.getSetCookie()) {
      const [name, value] = line.split(';')[0].split('=');
      cookies.set(name, value);
    }
    const location = answer.headers.get('location');
    if (!location) return { error: `${answer.status} ${await answer.text()}` };
    next = new URL(location, next);
  }
  return { arrives: next.href };
}

begin(issuer);
console.log(issuer);
for await (const line of createInterface({ input: process.stdin })) {
  const wanted = JSON.parse(line);
  let said = {};
  if (wanted.visit) said = await visit(wanted);
  if (wanted.rotate) begin(issuer);
  if (wanted.issuer) begin(wanted.issuer);
  if (wanted.back) {
    redirectUri = wanted.back;
    begin(issuer);
  }
  if ('down' in wanted) down = wanted.down;
  console.log(JSON.stringify(said));
}
process.exit(0);
