import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { readConfig } from '../../src/config/load-config.js';
import { settingSources } from '../../src/config/sources.js';
import { tempDir } from '../support/tmp.js';

describe('settingSources', () => {
  let file: string;
  beforeAll(async () => {
    file = join(await tempDir('sources'), 'modhaven.yaml');
    await writeFile(
      file,
      `listen: 127.0.0.1:1
refresh: 10s
upstream: https://user:pass@proxy.example
webhook: { secret: hunter2-hunter2 }
private: [a.example, b.example]
auth: { rules: [{ modules: a.example, allow: [] }] }
vcs:
  hosts:
    git.corp:8443: { token: '\${TOKEN}', username: me }
    other.corp: { token: plain-text }
`,
    );
  });
  const sources = (env: NodeJS.ProcessEnv = {}, flags?: Record<string, string>) =>
    settingSources({ ...readConfig(file, {}), env: { TOKEN: 'from-env', ...env }, ...(flags && { flags }) });
  const one = (key: string, ...args: Parameters<typeof sources>) =>
    sources(...args).find((each) => each.key === key);

  it('tells flag, variable, file and default apart', () => {
    expect(one('listen', {}, { listen: ':9' })).toEqual({
      key: 'listen',
      value: ':9',
      from: 'flag',
      place: '--listen',
    });
    expect(one('refresh', { MODHAVEN_REFRESH: '1m' })).toMatchObject({
      value: '1m',
      from: 'environment',
      place: 'MODHAVEN_REFRESH',
    });
    expect(one('refresh')).toMatchObject({ value: '10s', from: 'file', place: `${file}:2:10` });
    expect(one('vcs.timeout')).toEqual({ key: 'vcs.timeout', value: '120s', from: 'default', place: '' });
    expect(one('private')?.value).toBe('a.example, b.example');
    expect(one('auth.rules')?.value).toBe('1 entry');
  });

  it('names PORT where it counts', () => {
    const port = (config: string | undefined) =>
      settingSources({ ...readConfig(config, {}), env: { PORT: '8080', TOKEN: 't' } }).find(
        ({ key }) => key === 'listen',
      );
    expect(port(undefined)).toMatchObject({ value: ':8080', from: 'environment', place: 'PORT' });
    expect(port(file)).toMatchObject({ from: 'file' });
  });

  it('lists entries that a person named, and shows no secret', () => {
    expect(one('vcs.hosts."git.corp:8443".token')).toMatchObject({ value: '${TOKEN}', from: 'file' });
    expect(one('vcs.hosts."git.corp:8443".username')).toMatchObject({ value: 'me' });
    expect(one('vcs.hosts."other.corp".token')).toMatchObject({ value: '(hidden)' });
    const env = {
      MODHAVEN_VCS_HOSTS_OTHER_CORP_TOKEN: 'secret-of-env',
      MODHAVEN_UPSTREAM: 'me:pw@proxy.example',
    };
    const all = JSON.stringify(sources(env));
    expect(all).toContain('MODHAVEN_VCS_HOSTS_OTHER_CORP_TOKEN');
    for (const secret of ['secret-of-env', 'me:pw', 'plain-text', 'hunter2', 'user:pass', 'from-env']) {
      expect(all).not.toContain(secret);
    }
  });
});
