import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, expect, it, vi } from 'vitest';
import { Access } from '../../src/auth/access.js';
import { hashToken, generateToken } from '../../src/auth/tokens.js';
import type { AuthSettings } from '../../src/config/auth-settings.js';
import { tempDir } from '../support/tmp.js';

let tokensFile: string;
const token = generateToken();
const log = { error: vi.fn(), info: vi.fn() };

function settings(more: Partial<AuthSettings> = {}): AuthSettings {
  return {
    htpasswdFile: undefined,
    groupsFile: undefined,
    tokensFile,
    issuers: [],
    public: 'anyone',
    pages: 'anyone',
    gitHost: undefined,
    gitHostTtlMs: 60_000,
    rules: [{ modules: 'corp.test/*', allow: ['user:ci'] }],
    ...more,
  };
}

beforeEach(async () => {
  log.error.mockClear();
  tokensFile = join(await tempDir('auth'), 'tokens.yaml');
  const times = 'created: 2024-01-01T00:00:00Z, expires: 2999-01-01T00:00:00Z';
  await writeFile(tokensFile, `tokens: [{ name: ci, hash: "${hashToken(token)}", ${times} }]\n`);
});

const identify = (access: Access) => access.state?.authenticator.identify(`Bearer ${token}`);

it('is off without settings, and goes on and off with them', () => {
  const access = new Access(undefined, { log });
  expect(access.state).toBeUndefined();
  expect(access.files()).toEqual([]);
  access.update(settings());
  expect(identify(access)).toMatchObject({ kind: 'known', principal: { name: 'ci' } });
  expect(access.files()).toEqual([tokensFile]);
  access.update(undefined);
  expect(access.state).toBeUndefined();
});

it('keeps what it had where new settings cannot be used, and says why until they can', () => {
  const access = new Access(settings(), { log });
  access.update(settings({ htpasswdFile: '/nowhere/users' }));
  expect(identify(access)).toMatchObject({ kind: 'known' });
  expect(access.errors()).toEqual(['cannot read /nowhere/users']);
  expect(log.error).toHaveBeenCalledOnce();
  access.update(settings({ public: 'authenticated' }));
  expect(access.errors()).toEqual([]);
  expect(access.state?.settings.public).toBe('authenticated');
});

it('forgets what was wrong with settings that are taken back', () => {
  const access = new Access(settings(), { log });
  access.update(settings({ htpasswdFile: '/nowhere/users' }));
  access.update(settings());
  expect(access.errors()).toEqual([]);
  expect(access.files()).toEqual([tokensFile]);
});

it('waits for a file that new settings name, and goes on reading those in use', async () => {
  const access = new Access(settings(), { log });
  const groupsFile = join(await tempDir('auth'), 'groups');
  const next = settings({ groupsFile, public: 'authenticated' });
  access.update(next);
  expect(access.files()).toEqual([tokensFile, groupsFile]);
  await writeFile(tokensFile, '');
  access.update(next);
  expect(identify(access)).toEqual({ kind: 'unknown' });
  await writeFile(groupsFile, '');
  access.update(next);
  expect(access.errors()).toEqual([]);
  expect(access.state?.settings.public).toBe('authenticated');
});

it('reads its files again under the same settings', async () => {
  const access = new Access(settings(), { log });
  await writeFile(tokensFile, '');
  access.update(settings());
  expect(identify(access)).toEqual({ kind: 'unknown' });
});

it('refuses at start what it cannot use', () => {
  expect(() => new Access(settings({ tokensFile: '/nowhere/tokens' }), { log })).toThrow(/cannot read/);
  expect(() => new Access(settings({ rules: [{ modules: '[', allow: [] }] }), { log })).toThrow(
    /cannot be read/,
  );
});
