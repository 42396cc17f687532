// An app that is written with openid-client, unmodified. It says where a person is to go, is told where the person was
// sent back to, and goes through the life of its tokens.
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';
import assert from 'node:assert/strict';

const [origin, id, secret, redirectUri, modules] = process.argv.slice(2);
const require = createRequire(pathToFileURL(`${modules}/`));
const client = await import(pathToFileURL(require.resolve('openid-client')).href);

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const visit = async (address) => {
    console.log(address.href);
    return new URL((await lines.next()).value);
};

const proof = secret ? client.ClientSecretBasic(secret) : client.None();
const config = await client.discovery(new URL(origin), id, {}, proof, {
    algorithm: 'oauth2',
    execute: [client.allowInsecureRequests],
});
const pkceCodeVerifier = client.randomPKCECodeVerifier();
const state = client.randomState();
const address = client.buildAuthorizationUrl(config, {
    redirect_uri: redirectUri,
    scope: 'read:configs read:services',
    code_challenge: await client.calculatePKCECodeChallenge(pkceCodeVerifier),
    code_challenge_method: 'S256',
    state,
});
const back = await visit(address);
const tokens = await client.authorizationCodeGrant(config, back, { pkceCodeVerifier, expectedState: state });
assert.equal(tokens.scope, 'read:services read:configs');
assert.equal(tokens.expires_in, 3600);

const read = await client.fetchProtectedResource(config, tokens.access_token, new URL(`${origin}/api/v1/whoami`), 'GET');
assert.equal((await read.json()).kind, 'oauth_grant');

const next = await client.refreshTokenGrant(config, tokens.refresh_token);
assert.notEqual(next.refresh_token, tokens.refresh_token);
if (secret) {
    const told = await client.tokenIntrospection(config, next.access_token);
    assert.equal(told.active, true);
    assert.equal(told.client_id, id);
}
await client.tokenRevocation(config, next.refresh_token);
await assert.rejects(client.refreshTokenGrant(config, next.refresh_token), (error) => error.error === 'invalid_grant');
console.log('done');
process.exit(0);
