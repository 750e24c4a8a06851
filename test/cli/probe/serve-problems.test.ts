import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { serveProblems } from '../../../src/cli/probe/serve-problems.js';
import { parseConfig } from '../../../src/config/load-config.js';
import { settingSources } from '../../../src/config/sources.js';
import { tempDir } from '../../support/tmp.js';

let dir: string;
let file: string;
beforeEach(async () => {
  dir = await tempDir('serve-problems');
  file = join(dir, 'modhaven.yaml');
});

async function problemsOf(text: string, listenError?: string, mode = 0o600) {
  await writeFile(file, text);
  await chmod(file, mode);
  const env = {};
  return serveProblems(parseConfig(text, file, env), settingSources({ file, text, env }), () =>
    Promise.resolve(listenError),
  );
}

describe('serveProblems', () => {
  it('finds none in an empty file', async () => {
    expect(await problemsOf('', 'EADDRINUSE')).toEqual({ problems: [], warnings: [] });
  });

  it('tells a port that needs a privilege from an address of another machine', async () => {
    const low = await problemsOf('listen: :80', 'EACCES');
    expect(low.problems[0]?.problem).toContain('ports below 1024 need a privilege');
    const other = await problemsOf('listen: 192.0.2.1:8080', 'EADDRNOTAVAIL');
    expect(other.problems[0]).toMatchObject({
      setting: 'listen',
      problem: '192.0.2.1:8080 cannot be listened at (EADDRNOTAVAIL)',
    });
  });

  it('finds files of auth that cannot be used', async () => {
    const { problems } = await problemsOf('auth: { tokens_file: ./none.yaml }');
    expect(problems).toHaveLength(1);
    expect(problems[0]?.problem).toContain(join(dir, 'none.yaml'));
  });

  it('takes a key of a checksum database that every account can read for an error', async () => {
    await writeFile(join(dir, 'sumdb.key'), 'k', { mode: 0o644 });
    const found = await problemsOf('sumdb: { name: sum.corp.test, key_file: ./sumdb.key }');
    expect(found.problems.map(({ setting }) => setting)).toEqual(['sumdb.key_file']);
    expect(found.warnings).toEqual([]);
  });

  it('finds a certificate that cannot be used', async () => {
    await writeFile(join(dir, 'cert.pem'), 'nonsense');
    await writeFile(join(dir, 'key.pem'), 'nonsense', { mode: 0o600 });
    const { problems } = await problemsOf('tls: { cert_file: ./cert.pem, key_file: ./key.pem }');
    expect(problems[0]).toMatchObject({ setting: 'tls' });
    expect(problems[0]?.problem).toContain('does not hold a certificate');
  });

  it('finds secrets that every account can read, in their files and in this one', async () => {
    await writeFile(join(dir, 'token'), 't');
    await chmod(join(dir, 'token'), 0o644);
    const text = 'vcs: { hosts: { git.corp: { token_file: ./token }, a.corp: { token: literal } } }';
    const { warnings } = await problemsOf(text, undefined, 0o644);
    expect(warnings.map(({ setting, remedy }) => [setting, remedy])).toEqual([
      ['vcs.hosts."git.corp".token_file', `chmod 600 ${join(dir, 'token')}`],
      ['vcs.hosts."a.corp".token', `chmod 600 ${file}, or take it from a variable: \${NAME}`],
    ]);
    await chmod(join(dir, 'token'), 0o600);
    expect((await problemsOf(text)).warnings).toEqual([]);
  });

  it.each([
    ['0123456789', true],
    ['changeme', true],
    ['aaaaaaaaaaaaaaaaaaaaaaaa', true],
    ['3f9c0a7be1d24c55', false],
  ])('judges the webhook secret %s', async (secret, isWeak) => {
    const { warnings } = await problemsOf(`webhook: { secret: "${secret}" }`);
    expect(warnings.map(({ setting }) => setting)).toEqual(isWeak ? ['webhook.secret'] : []);
  });
});
