import { SignJWT, exportJWK, generateKeyPair } from 'jose';
import type { CryptoKey } from 'jose';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { OidcIssuer, issuerOf } from '../../src/auth/oidc.js';

const ISSUER = 'https://gitlab.corp.example';
const AUDIENCE = 'https://goproxy.corp.example';

interface KeyPair {
  id: string;
  privateKey: CryptoKey;
  jwk: object;
}

async function keyPair(id: string, algorithm = 'RS256'): Promise<KeyPair> {
  const { publicKey, privateKey } = await generateKeyPair(algorithm, { extractable: true });
  return { id, privateKey, jwk: { ...(await exportJWK(publicKey)), kid: id, alg: algorithm, use: 'sig' } };
}

let first: KeyPair;
let second: KeyPair;
let curve: KeyPair;
let published: KeyPair[];
let now: number;
let questions: string[];
let failure: Error | undefined;
let issuer: OidcIssuer;

beforeAll(async () => {
  first = await keyPair('one');
  second = await keyPair('two');
  curve = await keyPair('curve', 'ES256');
});

beforeEach(() => {
  now = 0;
  questions = [];
  failure = undefined;
  published = [first, curve];
  issuer = new OidcIssuer({
    settings: {
      issuer: ISSUER,
      audience: AUDIENCE,
      groups: ['project:{project_path}', 'all-jobs', 'g:{groups}'],
    },
    now: () => now,
    fetchJson: (url) => {
      questions.push(url);
      if (failure !== undefined) return Promise.reject(failure);
      return Promise.resolve(
        url.endsWith('/keys')
          ? { keys: published.map(({ jwk }) => jwk) }
          : { issuer: ISSUER, jwks_uri: `${ISSUER}/keys` },
      );
    },
  });
});

interface Claims {
  key?: KeyPair;
  algorithm?: string;
  issuer?: string;
  audience?: string;
  /** Seconds from now. */
  expires?: number;
  notBefore?: number;
  more?: Record<string, unknown>;
}

function token({
  key = first,
  algorithm = 'RS256',
  expires = 300,
  notBefore = 0,
  more = {},
  ...claims
}: Claims = {}) {
  const seconds = Math.floor(Date.now() / 1000);
  return new SignJWT({ project_path: 'team/app', ...more })
    .setProtectedHeader({ alg: algorithm, kid: key.id })
    .setIssuer(claims.issuer ?? ISSUER)
    .setAudience(claims.audience ?? AUDIENCE)
    .setSubject('project_path:team/app:ref_type:branch:ref:main')
    .setNotBefore(seconds + notBefore)
    .setExpirationTime(seconds + expires)
    .sign(key.privateKey);
}

describe('OidcIssuer', () => {
  it('knows a job by its subject, and its groups by the claims it has', async () => {
    const principal = await issuer.verify(await token({ more: { groups: ['a', 'b'] } }));
    expect(principal).toEqual({
      kind: 'oidc',
      name: 'project_path:team/app:ref_type:branch:ref:main',
      groups: new Set(['project:team/app', 'all-jobs', 'g:a', 'g:b']),
    });
    const without = await issuer.verify(await token({ more: { project_path: undefined } }));
    expect(without).toMatchObject({ groups: new Set(['all-jobs']) });
    await expect(issuer.verify(await token({ key: curve, algorithm: 'ES256' }))).resolves.toMatchObject({
      kind: 'oidc',
    });
    expect(questions).toHaveLength(2);
  });

  it.each<{ name: string; claims: Claims }>([
    { name: 'another audience', claims: { audience: 'https://other.example' } },
    { name: 'another issuer', claims: { issuer: 'https://gitlab.corp.example.evil' } },
    { name: 'not valid yet', claims: { notBefore: 120 } },
  ])('takes a token for nothing: $name', async ({ claims }) => {
    await expect(issuer.verify(await token(claims))).resolves.toBeUndefined();
  });

  it('allows clocks to differ by a minute, and calls an expired token ended', async () => {
    await expect(issuer.verify(await token({ expires: -30 }))).resolves.toMatchObject({ kind: 'oidc' });
    await expect(issuer.verify(await token({ expires: -90 }))).resolves.toBe('ended');
    await expect(issuer.verify(await token({ notBefore: 30 }))).resolves.toMatchObject({ kind: 'oidc' });
  });

  it('takes no signature of another key, none at all, and none made with the public key as a secret', async () => {
    const forged: KeyPair = { ...second, id: 'one' };
    await expect(issuer.verify(await token({ key: forged }))).resolves.toBeUndefined();
    const [, body = ''] = (await token()).split('.');
    const none = Buffer.from(JSON.stringify({ alg: 'none' })).toString('base64url');
    await expect(issuer.verify(`${none}.${body}.`)).resolves.toBeUndefined();
    const hmac = await new SignJWT({})
      .setProtectedHeader({ alg: 'HS256', kid: 'one' })
      .setIssuer(ISSUER)
      .setAudience(AUDIENCE)
      .setSubject('x')
      .setExpirationTime('5m')
      .sign(Buffer.from(JSON.stringify(first.jwk)));
    await expect(issuer.verify(hmac)).resolves.toBeUndefined();
  });

  it('asks for keys again when a token names a new one, but not for every such token', async () => {
    await issuer.verify(await token());
    published = [second];
    await expect(issuer.verify(await token({ key: second }))).resolves.toBeUndefined(); // just asked
    expect(questions).toHaveLength(2);
    now += 11_000;
    await expect(issuer.verify(await token({ key: second }))).resolves.toMatchObject({ kind: 'oidc' });
    expect(questions).toHaveLength(4);
    await expect(issuer.verify(await token())).resolves.toBeUndefined(); // its key was withdrawn
  });

  it('accepts tokens whose key is known while the issuer is down, and says so to all others', async () => {
    failure = new Error('connect ECONNREFUSED');
    await expect(issuer.verify(await token())).rejects.toMatchObject({
      code: 'HOST_UNREACHABLE',
      reason: 'connect ECONNREFUSED',
    });
    failure = undefined;
    now += 11_000;
    await expect(issuer.verify(await token())).resolves.toMatchObject({ kind: 'oidc' });
    failure = new Error('connect ECONNREFUSED');
    now += 3_600_000;
    await expect(issuer.verify(await token())).resolves.toMatchObject({ kind: 'oidc' });
    // Its key may be a new one.
    await expect(issuer.verify(await token({ key: second }))).rejects.toMatchObject({
      code: 'HOST_UNREACHABLE',
    });
    failure = undefined;
    now += 11_000;
    await expect(issuer.verify(await token({ key: second }))).resolves.toBeUndefined();
  });

  it('asks once for all who wait', async () => {
    const jobs = await Promise.all(Array.from({ length: 20 }, () => token()));
    await Promise.all(jobs.map((job) => issuer.verify(job)));
    expect(questions).toHaveLength(2);
  });
});

describe('issuerOf', () => {
  it('reads the claim of a JWT and nothing else', async () => {
    expect(issuerOf(await token())).toBe(ISSUER);
    for (const text of ['', 'a.b.c', 'hunter2', 'a.b', '...']) expect(issuerOf(text)).toBeUndefined();
  });
});
