import { chmod, lstat, readFile, rename, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, expect, it } from 'vitest';
import { hashToken, parseTokens } from '../../src/auth/tokens.js';
import { addTokenTo, listTokens, revokeTokenOf } from '../../src/cli/token.js';
import { tempDir } from '../support/tmp.js';

let folder: string;
let config: string;

beforeEach(async () => {
  folder = await tempDir('token');
  config = join(folder, 'modhaven.yaml');
  await writeFile(config, 'auth: { tokens_file: ./tokens.yaml }\n');
});

const add = (name: string, expires = '90d', groups?: string) => addTokenTo({ config, name, expires, groups });
const tokens = async () => parseTokens(await readFile(join(folder, 'tokens.yaml'), 'utf8'), 'tokens.yaml');

it('shows a token once, and keeps its hash, groups and end in a file of its owner', async () => {
  const { text, ok } = await add('ci', '12h', 'builds, core');
  expect(ok).toBe(true);
  const [token = ''] = text.split('\n');
  const { tokens: kept } = await tokens();
  expect(kept).toMatchObject([{ name: 'ci', hash: hashToken(token), groups: ['builds', 'core'] }]);
  const [entry] = kept;
  expect((entry?.expires.getTime() ?? 0) - (entry?.created.getTime() ?? 0)).toBe(12 * 3_600_000);
  expect(await readFile(join(folder, 'tokens.yaml'), 'utf8')).not.toContain(token);
  expect((await stat(join(folder, 'tokens.yaml'))).mode & 0o777).toBe(0o600);
  const list = await listTokens({ config });
  expect(list.text).toMatch(/ci +builds, core/);
  expect(list.text).not.toContain(token);
});

it('says that a name is taken or unknown, and lets a revoked one be given again', async () => {
  expect(await listTokens({ config })).toEqual({ text: 'there are no tokens\n', ok: true });
  await add('ci');
  expect(await add('ci')).toMatchObject({ ok: false });
  expect(await revokeTokenOf(config, 'cd')).toMatchObject({ ok: false });
  expect(await revokeTokenOf(config, 'ci')).toMatchObject({ ok: true });
  expect(await revokeTokenOf(config, 'ci')).toMatchObject({ ok: false });
  expect(await add('ci')).toMatchObject({ ok: true });
  expect((await tokens()).revoked).toHaveLength(1);
});

it('loses nothing of several commands at once: what was revoked stays so', async () => {
  await add('old');
  const names = Array.from({ length: 8 }, (_, i) => `ci-${i}`);
  await Promise.all([...names.map((name) => add(name)), revokeTokenOf(config, 'old')]);
  const { tokens: kept, revoked } = await tokens();
  expect(kept.map(({ name }) => name).sort()).toEqual(names);
  expect(revoked.map(({ name }) => name)).toEqual(['old']);
});

it('leaves a file its rights, and a link what it is', async () => {
  await add('ci');
  const [file, target] = [join(folder, 'tokens.yaml'), join(folder, 'target.yaml')];
  await rename(file, target);
  await symlink('target.yaml', file);
  await chmod(target, 0o640);
  await add('cd');
  expect((await lstat(file)).isSymbolicLink()).toBe(true);
  expect((await stat(target)).mode & 0o777).toBe(0o640);
  expect((await tokens()).tokens).toHaveLength(2);
});

it('says in words that the file cannot be written', async () => {
  await writeFile(join(folder, 'file'), '');
  await writeFile(config, 'auth: { tokens_file: ./file/tokens.yaml }\n');
  await expect(add('ci')).rejects.toMatchObject({
    code: 'CONFIG',
    message: expect.stringMatching(/tokens\.yaml cannot be written/) as string,
  });
});

it.each([
  { expires: '1h30m', hours: 1.5 },
  { expires: '2160h', hours: 2160 },
  { expires: '365d', hours: 8760 },
])('takes --expires $expires', async ({ expires, hours }) => {
  await add('ci', expires);
  const [entry] = (await tokens()).tokens;
  expect((entry?.expires.getTime() ?? 0) - (entry?.created.getTime() ?? 0)).toBe(hours * 3_600_000);
});

it.each(['90', '0d', '-1d', 'soon', '1w', '100001d', '9'.repeat(400) + 'd'])(
  'refuses --expires %s',
  async (expires) => {
    await expect(add('ci', expires)).rejects.toThrow(/--expires/);
  },
);

it('says of a time that is too far away how far it may be', async () => {
  await expect(add('ci', '100001d')).rejects.toMatchObject({
    message: '--expires 100001d is too far away',
    remedy: 'write 100000d or less',
  });
});

it('refuses a group with the prefix that only rules have', async () => {
  await expect(add('ci', '90d', 'core, group:builds')).rejects.toMatchObject({
    code: 'CONFIG',
    message: '"group:builds" cannot be the name of a group',
    remedy: 'write --groups builds: a rule that allows group:builds means that',
  });
  await expect(add('ci', '90d', 'user:ann')).rejects.toThrow(/cannot be the name of a group/);
  // As groups from claims may be.
  expect(await add('ci', '90d', 'project:go/foo')).toMatchObject({ ok: true });
});

it('wants a name that can stand in rules and logs, and a file to write to', async () => {
  await expect(add('a b')).rejects.toThrow(/cannot be the name/);
  await writeFile(config, '');
  await expect(add('ci')).rejects.toThrow(/names no file for tokens/);
});
