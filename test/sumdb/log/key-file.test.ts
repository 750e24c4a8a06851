import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { generateKey } from '../../../src/sumdb/format/note.js';
import { readSigner } from '../../../src/sumdb/log/key-file.js';
import { tempDir } from '../../support/tmp.js';

let keyFile: string;
beforeEach(async () => {
  keyFile = join(await tempDir('key'), 'sumdb.key');
});
const name = 'sum.ex.test';

function errorOf(run: () => unknown): { code: string; message: string; reason?: string; remedy?: string } {
  try {
    run();
  } catch (error) {
    return error as ReturnType<typeof errorOf>;
  }
  throw new Error('nothing was thrown');
}

describe('readSigner', () => {
  it('reads the key that keygen made, with white space around it', async () => {
    const { signerKey } = generateKey(name);
    await writeFile(keyFile, `\n${signerKey}\r\n`, { mode: 0o600 });
    expect(readSigner({ name, keyFile }).verifier.name).toBe(name);
  });

  it('refuses a key that every account of the machine can read', async () => {
    await writeFile(keyFile, generateKey(name).signerKey, { mode: 0o644 });
    expect(errorOf(() => readSigner({ name, keyFile }))).toMatchObject({
      code: 'CONFIG',
      message: `${keyFile}: every account of this machine can read the key of the checksum database`,
      remedy: expect.stringContaining(`chmod 600 ${keyFile}`) as string,
    });
  });

  it('says how to make one where there is none', () => {
    expect(errorOf(() => readSigner({ name, keyFile }))).toMatchObject({
      code: 'CONFIG',
      message: `${keyFile}: the key of the checksum database cannot be used`,
      reason: expect.stringContaining('ENOENT') as string,
      remedy: expect.stringContaining(
        `for a new database make one with: modhaven sumdb keygen --name ${name} --out ${keyFile}`,
      ) as string,
    });
  });

  it('refuses the key of another database', async () => {
    await writeFile(keyFile, generateKey('sum.other.test').signerKey, { mode: 0o600 });
    expect(errorOf(() => readSigner({ name, keyFile }))).toMatchObject({
      code: 'CONFIG',
      message: `${keyFile}: this key is for sum.other.test, not for ${name}`,
    });
  });

  it.each<[what: string, change: (key: string) => string]>([
    ['empty', () => ''],
    ['cut off', (key) => key.slice(0, -8)],
    ['of two lines', (key) => `${key}\n${key}`],
    ['for another name by hand', (key) => key.replace(name, 'sum.my.test')],
  ])('shows nothing of a key that is %s', async (_, change) => {
    const { signerKey } = generateKey(name);
    await writeFile(keyFile, change(signerKey), { mode: 0o600 });
    const { code, message, reason = '', remedy = '' } = errorOf(() => readSigner({ name, keyFile }));
    expect(code).toBe('CONFIG');
    expect(remedy).toContain('restore the file from a backup');
    const secret = signerKey.split('+').slice(4).join('+'); // base64 may hold a plus, too
    for (const text of [message, reason, remedy]) expect(text).not.toContain(secret.slice(0, 12));
  });
});
