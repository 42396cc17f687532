// An issuer of tokens that is nowhere: a key pair, its public half as a key set to upload, and tokens like GitHub's.

import { createSign, generateKeyPairSync } from 'node:crypto';

const part = (value: object | Buffer) =>
  (Buffer.isBuffer(value) ? value : Buffer.from(JSON.stringify(value))).toString('base64url');

export class Issuer {
  private readonly pair = generateKeyPairSync('rsa', { modulusLength: 2048 });

  /** What is uploaded. */
  get jwks(): string {
    const key = this.pair.publicKey.export({ format: 'jwk' });
    return JSON.stringify({ keys: [{ ...key, kid: 'test', use: 'sig', alg: 'RS256' }] });
  }

  /** A job of the repository 1296269, on its branch main. */
  token(audience: string, claims: object = {}): string {
    const now = Math.floor(Date.now() / 1000);
    const usual = {
      iss: 'https://token.actions.githubusercontent.com', aud: audience, iat: now, nbf: now - 5, exp: now + 300, jti: `job-${now}`,
      sub: 'repo:acme/shop:ref:refs/heads/main', repository: 'acme/shop', repository_owner: 'acme',
      repository_id: '1296269', repository_owner_id: '583231', ref: 'refs/heads/main', ref_type: 'branch',
      event_name: 'push', workflow: 'deploy', actor: 'ana', actor_id: '7', run_id: '42', run_attempt: '1',
      repository_visibility: 'private', runner_environment: 'github-hosted', head_ref: '', base_ref: '',
    };
    const signed = `${part({ alg: 'RS256', typ: 'JWT', kid: 'test' })}.${part({ ...usual, ...claims })}`;
    return `${signed}.${part(createSign('RSA-SHA256').update(signed).sign(this.pair.privateKey))}`;
  }
}
