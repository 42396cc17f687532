// An app that is written with oauth4webapi, unmodified, which checks every answer by the letter of its RFC: code flow,
// signed introspection, a refresh token that is shown twice, and a device.
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';
import assert from 'node:assert/strict';

const [origin, id, secret, redirectUri, modules] = process.argv.slice(2);
const require = createRequire(pathToFileURL(`${modules}/`));
const oauth = await import(pathToFileURL(require.resolve('oauth4webapi')).href);
const options = { [oauth.allowInsecureRequests]: true };

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const visit = async (address) => {
    console.log(address.href);
    return new URL((await lines.next()).value);
};

const issuer = new URL(origin);
const found = await oauth.discoveryRequest(issuer, { algorithm: 'oauth2', ...options });
const server = await oauth.processDiscoveryResponse(issuer, found);
const client = { client_id: id, introspection_signed_response_alg: 'EdDSA' };
const proof = secret ? oauth.ClientSecretPost(secret) : oauth.None();

const verifier = oauth.generateRandomCodeVerifier();
const state = oauth.generateRandomState();
const address = new URL(server.authorization_endpoint);
const asked = {
    response_type: 'code',
    client_id: id,
    redirect_uri: redirectUri,
    scope: 'read:configs',
    code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    state,
};
for (const [name, value] of Object.entries(asked)) address.searchParams.set(name, value);
const back = await visit(address);
const allowed = oauth.validateAuthResponse(server, client, back, state);
const answered = await oauth.authorizationCodeGrantRequest(server, client, proof, allowed, redirectUri, verifier, options);
const tokens = await oauth.processAuthorizationCodeResponse(server, client, answered);
assert.equal(tokens.token_type, 'bearer');

const refresh = async (token) => {
    const response = await oauth.refreshTokenGrantRequest(server, client, proof, token, options);
    return oauth.processRefreshTokenResponse(server, client, response);
};
const second = await refresh(tokens.refresh_token);
if (secret) {
    const response = await oauth.introspectionRequest(server, client, proof, second.access_token, {
        requestJwtResponse: true,
        ...options,
    });
    const told = await oauth.processIntrospectionResponse(server, client, response);
    await oauth.validateApplicationLevelSignature(server, response, options);
    assert.equal(told.active, true);
    assert.equal(told.scope, 'read:configs');
}
// A stolen one: everything of the grant ends.
await assert.rejects(refresh(tokens.refresh_token), (error) => error.error === 'invalid_grant');
await assert.rejects(refresh(second.refresh_token), (error) => error.error === 'invalid_grant');
const gone = await oauth.revocationRequest(server, client, proof, second.refresh_token, options);
await oauth.processRevocationResponse(gone);

const device = { client_id: 'nexus-cli' };
const begun = await oauth.deviceAuthorizationRequest(server, device, oauth.None(), {}, options);
const waiting = await oauth.processDeviceAuthorizationResponse(server, device, begun);
await visit(new URL(waiting.verification_uri_complete));
const given = await oauth.deviceCodeGrantRequest(server, device, oauth.None(), waiting.device_code, options);
const login = await oauth.processDeviceCodeResponse(server, device, given);
assert.match(login.access_token, /^oat_[0-9a-f]{64}$/);
console.log('done');
process.exit(0);
