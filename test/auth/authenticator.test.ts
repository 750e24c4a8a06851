import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import bcrypt from 'bcrypt';
import { beforeEach, describe, expect, it } from 'vitest';
import { Authenticator } from '../../src/auth/authenticator.js';
import type { OidcIssuer } from '../../src/auth/oidc.js';
import {
  NO_TOKENS,
  addToken,
  formatTokens,
  generateToken,
  hashToken,
  revokeToken,
} from '../../src/auth/tokens.js';
import { tempDir } from '../support/tmp.js';

const basic = (user: string, password: string): string =>
  `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
const line = (user: string, password: string): string => `${user}:${bcrypt.hashSync(password, 4)}\n`;

let folder: string;
let now: number;
const token = generateToken();
const tokens = addToken(NO_TOKENS, {
  name: 'ci',
  hash: hashToken(token),
  groups: ['builds'],
  created: new Date(0),
  expires: new Date(1_000_000),
});
const silent = { error: () => undefined, info: () => undefined };

function authenticator(): Authenticator {
  return new Authenticator({
    htpasswdFile: join(folder, 'users'),
    groupsFile: join(folder, 'groups'),
    tokensFile: join(folder, 'tokens'),
    issuers: [],
    log: silent,
    now: () => now,
  });
}

beforeEach(async () => {
  folder = await tempDir('auth');
  now = 1000;
  await writeFile(join(folder, 'users'), line('ann', 'right'));
  await writeFile(join(folder, 'groups'), 'ann: core\n');
  await writeFile(join(folder, 'tokens'), formatTokens(tokens ?? NO_TOKENS));
});

describe('Authenticator', () => {
  it('tells users, tokens and unknown logins apart', async () => {
    const auth = authenticator();
    expect(await auth.identify(undefined)).toMatchObject({ kind: 'known', principal: { kind: 'anyone' } });
    expect(await auth.identify(basic('ann', 'right'))).toEqual({
      kind: 'known',
      principal: { kind: 'user', name: 'ann', groups: new Set(['core']) },
    });
    const ci = { kind: 'known', principal: { kind: 'token', name: 'ci', groups: new Set(['builds']) } };
    for (const header of [basic('ann', token), basic('', token), `Bearer ${token}`]) {
      for (let round = 0; round < 2; round += 1) expect(await auth.identify(header)).toEqual(ci);
    }
    for (const header of [basic('ann', 'wrong'), basic('x', generateToken()), `Bearer ${generateToken()}`]) {
      expect(await auth.identify(header)).toEqual({ kind: 'unknown' });
    }
    expect(await auth.identify('Digest x')).toEqual({ kind: 'unknown' });
  });

  it('tries an issuer with each of its audiences', async () => {
    const issuers = (['app', 'web'] as const).map((audience) => ({
      issuer: 'https://ci.example',
      verify: (text: string) =>
        Promise.resolve(
          text.endsWith(audience)
            ? { kind: 'oidc' as const, name: audience, groups: new Set<string>() }
            : text.endsWith('old')
              ? ('ended' as const)
              : undefined,
        ),
    }));
    const auth = new Authenticator({
      htpasswdFile: undefined,
      groupsFile: undefined,
      tokensFile: undefined,
      log: silent,
      issuers: issuers as unknown as OidcIssuer[],
    });
    const claims = Buffer.from(JSON.stringify({ iss: 'https://ci.example' })).toString('base64url');
    const known = (audience: string) => auth.identify(`Bearer a.${claims}.${audience}`);
    expect(await known('app')).toMatchObject({ principal: { name: 'app' } });
    expect(await known('web')).toMatchObject({ principal: { name: 'web' } });
    expect(await known('old')).toEqual({ kind: 'ended' });
    expect(await known('other')).toEqual({ kind: 'unknown' });
  });

  it('answers at once for a token', () => {
    expect(authenticator().identify(`Bearer ${token}`)).not.toBeInstanceOf(Promise);
  });

  it('lets a token end at its time, remembered or not', async () => {
    const auth = authenticator();
    expect(await auth.identify(`Bearer ${token}`)).toMatchObject({ kind: 'known' });
    now = 1_000_000;
    expect(await auth.identify(`Bearer ${token}`)).toEqual({ kind: 'ended' });
  });

  it('goes by what the files say after a reload, and by their last good content', async () => {
    const auth = authenticator();
    await auth.identify(`Bearer ${token}`);
    await writeFile(
      join(folder, 'tokens'),
      formatTokens(revokeToken(tokens ?? NO_TOKENS, 'ci', new Date(now)) ?? NO_TOKENS),
    );
    await writeFile(join(folder, 'users'), line('ann', 'changed'));
    await writeFile(join(folder, 'groups'), 'ann: docs\n');
    auth.reload();
    expect(await auth.identify(`Bearer ${token}`)).toEqual({ kind: 'ended' });
    expect(await auth.identify(basic('ann', 'right'))).toMatchObject({ kind: 'unknown' });
    expect(await auth.identify(basic('ann', 'changed'))).toMatchObject({
      principal: { groups: new Set(['docs']) },
    });
    await writeFile(join(folder, 'users'), 'ann:plain\n');
    auth.reload();
    expect(auth.errors().map(({ message }) => message)).toEqual([
      `${join(folder, 'users')}:1:1: the password of ann is not hashed by bcrypt; set it anew with "htpasswd -B"`,
    ]);
    expect(await auth.identify(basic('ann', 'changed'))).toMatchObject({ kind: 'known' });
  });

  it('takes over names that move between its files in one edit', async () => {
    const tool = { name: 'tool', hash: hashToken(generateToken()), groups: [], created: new Date(0) };
    const withTool = addToken(NO_TOKENS, { ...tool, expires: new Date(1_000_000) }) ?? NO_TOKENS;
    await writeFile(join(folder, 'users'), line('ann', 'right') + line('tool', 'right'));
    const auth = authenticator();
    await writeFile(join(folder, 'users'), line('ci', 'right'));
    await writeFile(join(folder, 'tokens'), formatTokens(withTool));
    auth.reload();
    expect(auth.errors()).toEqual([]);
    expect(await auth.identify(basic('ci', 'right'))).toMatchObject({
      principal: { kind: 'user', name: 'ci' },
    });
    expect(await auth.identify(basic('ann', 'right'))).toEqual({ kind: 'unknown' });
  });

  it('keeps both files as they were where they come to share a name', async () => {
    const auth = authenticator();
    await writeFile(join(folder, 'users'), line('ann', 'right') + line('ci', 'right'));
    auth.reload();
    expect(auth.errors().map(({ message }) => message)).toEqual([
      `${join(folder, 'users')}: ci is the name of a token and of an htpasswd user`,
    ]);
    expect(await auth.identify(basic('ci', 'right'))).toEqual({ kind: 'unknown' });
    expect(await auth.identify(`Bearer ${token}`)).toMatchObject({ kind: 'known' });
  });

  it('knows nobody any more by files that were emptied, as htpasswd -D leaves one', async () => {
    const auth = authenticator();
    const ann = () => auth.identify(basic('ann', 'right'));
    await writeFile(join(folder, 'groups'), '');
    auth.reload();
    expect(await ann()).toMatchObject({ principal: { groups: new Set() } });
    await writeFile(join(folder, 'users'), '');
    await writeFile(join(folder, 'tokens'), '');
    auth.reload();
    expect(auth.errors()).toEqual([]);
    expect(await ann()).toEqual({ kind: 'unknown' });
    expect(await auth.identify(`Bearer ${token}`)).toMatchObject({ kind: 'unknown' });
  });

  it('wants its files at start, and a name for one principal only', async () => {
    await writeFile(join(folder, 'users'), line('ci', 'right'));
    expect(authenticator).toThrow(/ci is the name of a token and of an htpasswd user/);
    await writeFile(join(folder, 'tokens'), 'tokens: 7');
    expect(authenticator).toThrow(/tokens:1:\d+/);
  });
});
