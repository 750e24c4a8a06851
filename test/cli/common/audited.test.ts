import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { audited } from '../../../src/cli/common/audited.js';
import { addTokenTo, revokeTokenOf } from '../../../src/cli/token.js';
import { tempDir } from '../../support/tmp.js';

async function configured(text: string): Promise<{ config: string; dir: string }> {
  const dir = await tempDir('audited');
  const config = join(dir, 'modhaven.yaml');
  await writeFile(config, text);
  return { config, dir };
}

it('writes down who changed which token, and never the token', async () => {
  const { config, dir } = await configured('audit: ./audit.jsonl\nauth: { tokens_file: ./tokens.yaml }\n');
  const { text } = await addTokenTo({ config, name: 'ci', groups: 'builds', expires: '90d' });
  await revokeTokenOf(config, 'ci');
  const written = await readFile(join(dir, 'audit.jsonl'), 'utf8');
  expect(
    written
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as unknown),
  ).toMatchObject([
    { event: 'token-added', token: 'ci', groups: ['builds'], by: expect.stringMatching(/./) as string },
    { event: 'token-revoked', token: 'ci' },
  ]);
  expect(written).not.toContain(text.split('\n', 1)[0]);
});

it('does nothing without an audit file, and says where one cannot be written', async () => {
  const off = await configured('');
  await audited(off.config, { event: 'purge' });
  const broken = await configured('audit: /proc/nope/audit\n');
  await expect(audited(broken.config, { event: 'purge' })).rejects.toMatchObject({ code: 'STORAGE' });
});
