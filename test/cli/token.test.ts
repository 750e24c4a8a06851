import { readFile, stat, writeFile } from 'node:fs/promises';
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

it.each(['90', '0d', '-1d', 'soon', '1w'])('refuses --expires %s', async (expires) => {
  await expect(add('ci', expires)).rejects.toThrow(/--expires/);
});

it('wants a name that can stand in rules and logs, and a file to write to', async () => {
  await expect(add('a b')).rejects.toThrow(/cannot be the name/);
  await writeFile(config, '');
  await expect(add('ci')).rejects.toThrow(/names no file for tokens/);
});
