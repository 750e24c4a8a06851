import { readFile, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { describeHostKey, parseHostKey, recordedKeys, recordKeys } from '../../../src/vcs/ssh/known-hosts.js';
import { missing } from '../../support/requirements.js';
import { mustRun } from '../../support/run.js';
import { tempDir } from '../../support/tmp.js';

describe.skipIf(missing('ssh'))('host keys', () => {
  it.each([
    { type: 'ed25519', name: 'ED25519' },
    { type: 'rsa', name: 'RSA' },
    { type: 'ecdsa', name: 'ECDSA' },
  ])('are called as ssh-keygen calls them: $type', async ({ type, name }) => {
    const file = path.join(await tempDir('key'), 'key');
    await mustRun('ssh-keygen', ['-q', '-t', type, '-N', '', '-C', '', '-f', file]);
    const key = parseHostKey(await readFile(`${file}.pub`, 'utf8'));
    const listed = await mustRun('ssh-keygen', ['-l', '-f', `${file}.pub`]);
    const [, fingerprint, , kind] = /^\d+ (\S+) (.*) \((\w+)\)$/m.exec(listed) ?? [];
    expect(kind).toBe(name);
    expect(key && describeHostKey(key)).toBe(`${name} ${fingerprint ?? ''}`);
  });

  it.each(['', 'ssh-ed25519', 'ssh-ed25519 x', 'a b c d', '# comment AAAAAAAAAAAAAAAAAAAAAAAA'])(
    'are not read from %j',
    (text) => expect(parseHostKey(text)).toBeUndefined(),
  );
});

describe.skipIf(missing('ssh'))('recordedKeys', () => {
  const BLOB = 'AAAAC3NzaC1lZDI1NTE5AAAAIE5vdCBhIGtleSBhdCBhbGwsIGJ1dCBsb25n';

  it('finds names in lists, patterns and markers, in several files', async () => {
    const dir = await tempDir('known');
    const [one = '', two = ''] = ['one', 'two'].map((name) => path.join(dir, name));
    await writeFile(
      one,
      [
        '# comment',
        `h,10.0.0.1 ssh-ed25519 ${BLOB}`,
        `other ssh-ed25519 ${BLOB}`,
        `@revoked h ssh-rsa ${BLOB}`,
        `@cert-authority h ecdsa-sha2-nistp256 ${BLOB}`,
        `[h]:2222 ssh-dss ${BLOB}`,
      ].join('\n'),
    );
    await writeFile(two, `h ssh-ed25519 ${BLOB} of another file\n`);
    const found = await recordedKeys('h', [one, path.join(dir, 'none'), two]);
    expect(found.map(({ type, file, line, revoked }) => [type, file, line, revoked])).toEqual([
      ['ssh-ed25519', one, 2, false],
      ['ssh-rsa', one, 4, true],
      ['ssh-ed25519', two, 1, false],
    ]);
    expect((await recordedKeys('[h]:2222', [one])).map(({ type }) => type)).toEqual(['ssh-dss']);
  });

  it('finds what recordKeys wrote, in a folder for the account alone', async () => {
    const file = path.join(await tempDir('record'), 'deep/folder/known_hosts');
    const key = { type: 'ssh-ed25519', blob: BLOB, fingerprint: 'not written' };
    await recordKeys(file, '[h]:2222', [key]);
    await recordKeys(file, 'h', [key]);
    expect(await recordedKeys('h', [file])).toMatchObject([{ blob: BLOB, line: 2 }]);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect((await stat(path.dirname(file))).mode & 0o777).toBe(0o700);
  });

  it('says what keeps a file from being written', async () => {
    await expect(recordKeys('/dev/null/known_hosts', 'h', [])).rejects.toMatchObject({
      code: 'CONFIG',
      message: 'cannot write the known hosts file /dev/null/known_hosts',
    });
  });
});
