import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { mergeSettings, settingsFromEnvironment, variableName } from '../../src/config/environment.js';
import { parseConfig } from '../../src/config/load-config.js';
import { messageOf } from '../support/message-of.js';

const parse = (text: string, env: NodeJS.ProcessEnv, listen?: string) =>
  parseConfig(text, '/etc/mh/modhaven.yaml', env, { listen });

describe('settings from the environment', () => {
  const dir = mkdtempSync(join(tmpdir(), 'modhaven-env-'));
  afterAll(() => rmSync(dir, { recursive: true }));

  it('has a variable for every key, of every kind', () => {
    const config = parse('', {
      MODHAVEN_LISTEN: '127.0.0.1:8080',
      MODHAVEN_PUBLIC_URL: 'https://proxy.example',
      MODHAVEN_VANITY: 'rules.yaml',
      MODHAVEN_WORKERS: '3',
      MODHAVEN_CACHE_DIR: '/var/cache/mh',
      MODHAVEN_CACHE_MAX_SIZE: '1GiB',
      MODHAVEN_CACHE_MEMORY: '0',
      MODHAVEN_SHUTDOWN_TIMEOUT: '5s',
      MODHAVEN_PRIVATE: 'a.example/*, b.example',
      MODHAVEN_UPSTREAM: 'https://up.example,direct',
      MODHAVEN_DIRECT_HOSTS: 'git.example',
      MODHAVEN_TRUST_PROXY: '10.0.0.0/8,::1',
      MODHAVEN_WEBHOOK_SECRET: '0123456789',
      MODHAVEN_WEBHOOK_PREFETCH: 'true',
      MODHAVEN_REFRESH: '1m',
      MODHAVEN_VCS_TIMEOUT: '1h',
      MODHAVEN_VCS_CONCURRENCY: '2',
      MODHAVEN_SUMDB_NAME: 'sum.example',
      MODHAVEN_SUMDB_KEY_FILE: 'sum.key',
      MODHAVEN_ADMIN: '10.1.1.1',
      MODHAVEN_DOCS_URL: 'https://docs.example/{path}@{version}',
    });
    expect(config).toMatchObject({
      listen: { host: '127.0.0.1', port: 8080 },
      publicUrl: 'https://proxy.example',
      vanityFile: '/etc/mh/rules.yaml',
      workers: 3,
      cacheDir: '/var/cache/mh',
      cacheMaxSize: 2 ** 30,
      cacheMemory: 0,
      shutdownTimeoutMs: 5_000,
      privatePatterns: ['a.example/*', 'b.example'],
      upstream: [{ url: 'https://up.example' }],
      directHosts: new Set(['git.example']),
      trustProxy: ['10.0.0.0/8', '::1'],
      webhookSecret: '0123456789',
      webhookPrefetch: true,
      refreshMs: 60_000,
      vcsTimeoutMs: 3_600_000,
      vcsConcurrency: 2,
      sumdb: { name: 'sum.example', keyFile: '/etc/mh/sum.key' },
      admin: ['10.1.1.1'],
      docsUrl: 'https://docs.example/{path}@{version}',
      warnings: [],
    });
  });

  it('wins over the file, and gives way to the command line; an empty one is not set', () => {
    const text = 'listen: 127.0.0.1:1\nrefresh: 10s\nvcs: { timeout: 1s, concurrency: 5 }\n';
    const env = { MODHAVEN_LISTEN: '127.0.0.1:2', MODHAVEN_VCS_TIMEOUT: '2s', MODHAVEN_REFRESH: '' };
    expect(parse(text, env)).toMatchObject({
      listen: { port: 2 },
      refreshMs: 10_000,
      vcsTimeoutMs: 2_000,
      vcsConcurrency: 5,
    });
    expect(parse(text, env, ':3').listen).toEqual({ host: '0.0.0.0', port: 3 });
  });

  it('completes a section of the file', () => {
    const { sumdb } = parse('sumdb: { name: sum.example }\n', { MODHAVEN_SUMDB_KEY_FILE: '/k' });
    expect(sumdb).toMatchObject({ name: 'sum.example', keyFile: '/k' });
  });

  it('reads a secret from a file', () => {
    const file = join(dir, 'secret');
    writeFileSync(file, 'from-a-file\n');
    expect(parse('', { MODHAVEN_WEBHOOK_SECRET_FILE: file }).webhookSecret).toBe('from-a-file');
    const both = { MODHAVEN_WEBHOOK_SECRET_FILE: file, MODHAVEN_WEBHOOK_SECRET: 'x' };
    expect(messageOf(() => parse('', both))).toContain('are both set');
    const missing = { MODHAVEN_WEBHOOK_SECRET_FILE: join(dir, 'none') };
    expect(messageOf(() => parse('', missing))).toContain('the file that MODHAVEN_WEBHOOK_SECRET_FILE names');
  });

  it.each([
    [{ MODHAVEN_REFRESH: 'soon' }, 'the variable MODHAVEN_REFRESH must be a duration such as'],
    [{ MODHAVEN_WORKERS: '0' }, 'the variable MODHAVEN_WORKERS must be at least 1'],
    [{ MODHAVEN_WEBHOOK_PREFETCH: 'yes' }, 'the variable MODHAVEN_WEBHOOK_PREFETCH must be true or false'],
    [
      { MODHAVEN_TRUST_PROXY: '10.0.0.1,nonsense' },
      'the variable MODHAVEN_TRUST_PROXY must be an IP address',
    ],
    [{ PORT: '99999' }, 'the variable PORT is "99999", which is not a port'],
  ])('%j is an error that names the variable', (env, message) => {
    expect(messageOf(() => parse('', env))).toContain(message);
  });

  it('warns of a name that is nearly one of a setting, and of no other', () => {
    const env = {
      MODHAVEN_CACHE_DRI: '/x',
      MODHAVEN_SERVICE_HOST: '10.0.0.1',
      MODHAVEN_PORT: 'tcp://10.0.0.1:80',
    };
    expect(parse('', env).warnings).toEqual([
      'the variable MODHAVEN_CACHE_DRI is not a setting; did you mean MODHAVEN_CACHE_DIR?',
    ]);
  });

  it('PORT counts where nothing else says where to listen', () => {
    const env = { PORT: '8080' };
    expect(parse('', env).listen).toEqual({ host: '0.0.0.0', port: 8080 });
    expect(parse('listen: unix:/x\n', env).listen).toEqual({ path: '/x' });
    expect(parse('', { ...env, MODHAVEN_LISTEN: ':9' }).listen).toEqual({ host: '0.0.0.0', port: 9 });
    expect(parse('', env, '127.0.0.1:7').listen).toEqual({ host: '127.0.0.1', port: 7 });
  });
});

it('relative paths are those of the file, wherever they are set', () => {
  const env = { MODHAVEN_CACHE_DIR: 'cache' };
  expect(parse('', env).cacheDir).toBe('/etc/mh/cache');
  expect(parseConfig('', undefined, env).cacheDir).toBe(resolve('cache'));
});

describe('hosts by variable', () => {
  const token = (env: NodeJS.ProcessEnv, text = '') =>
    [...parse(text, env).hosts].map(([key, { token: value, tokenFile }]) => [key, value ?? tokenFile]);

  it.each([
    [{ MODHAVEN_VCS_HOSTS_GITLAB_CORP_EXAMPLE_TOKEN: 't' }, '', [['gitlab.corp.example', 't']]],
    [{ MODHAVEN_VCS_HOSTS_GIT_CORP_8443_TOKEN_FILE: '/t' }, '', [['git.corp:8443', '/t']]],
    [{ MODHAVEN_VCS_HOSTS_10_1_2_3_TOKEN: 't' }, '', [['10.1.2.3', 't']]],
    [{ MODHAVEN_VCS_HOSTS_10_1_2_3_8080_TOKEN: 't' }, '', [['10.1.2.3:8080', 't']]],
    [
      { MODHAVEN_VCS_HOSTS_MY_GIT_CORP_TOKEN: 't' },
      'vcs: { hosts: { my-git.corp: } }',
      [['my-git.corp', 't']],
    ],
    [
      { MODHAVEN_VCS_HOSTS_GIT_CORP_TOKEN: 'new' },
      'vcs: { hosts: { git.corp: { token: old, username: me } } }',
      [['git.corp', 'new']],
    ],
  ])('%j', (env, text, hosts) => {
    expect(token(env, text)).toEqual(hosts);
  });

  it('says which variable is wrong', () => {
    const env = { MODHAVEN_VCS_HOSTS_GIT_CORP_INSECURE_TLS: 'perhaps' };
    expect(messageOf(() => parse('', env))).toContain(
      'MODHAVEN_VCS_HOSTS_GIT_CORP_INSECURE_TLS must be true',
    );
  });
});

describe('a schema that this file does not know', () => {
  const schema = z.strictObject({
    store: z
      .union([
        z.literal('disk'),
        z.strictObject({ s3: z.strictObject({ bucket: z.string(), path_style: z.boolean().optional() }) }),
      ])
      .default('disk'),
    git_host: z.union([z.boolean(), z.array(z.string())]).optional(),
    tls: z.strictObject({ cert_file: z.string(), key_file: z.string() }).optional(),
    redis: z.string().optional(),
  });
  const merged = (env: NodeJS.ProcessEnv, written?: unknown) =>
    settingsFromEnvironment(schema, env, written).merged;

  it('has variables for unions, and what lies below a key wins over the key', () => {
    const env = { MODHAVEN_STORE_S3_BUCKET: 'b', MODHAVEN_STORE_S3_PATH_STYLE: 'true' };
    const expected = { store: { s3: { bucket: 'b', path_style: true } } };
    expect(merged(env)).toEqual(expected);
    expect(merged(env, { store: 'disk' })).toEqual(expected);
    expect(merged({ ...env, MODHAVEN_STORE: 'disk' })).toEqual(expected);
    expect(merged({ MODHAVEN_STORE: 'disk' })).toEqual({ store: 'disk' });
    expect(merged({ MODHAVEN_GIT_HOST: 'true' })).toEqual({ git_host: true });
    expect(merged({ MODHAVEN_GIT_HOST: 'a.corp,b.corp' })).toEqual({ git_host: ['a.corp', 'b.corp'] });
    expect(merged({ MODHAVEN_TLS_KEY_FILE: 'k' }, { tls: { cert_file: 'c' } })).toEqual({
      tls: { cert_file: 'c', key_file: 'k' },
    });
  });

  it('leaves a value in place of a map to the schema', () => {
    expect(merged({ MODHAVEN_TLS_KEY_FILE: 'k' }, { tls: 'x' })).toEqual({ tls: 'x' });
  });
});

it('mergeSettings leaves a file that is not a map to the schema', () => {
  expect(mergeSettings([1], { a: 1 })).toEqual([1]);
  expect(mergeSettings({ a: null, b: 1 }, { a: { c: 2 } })).toEqual({ a: { c: 2 }, b: 1 });
  expect(variableName(['cache', 'max_size'])).toBe('MODHAVEN_CACHE_MAX_SIZE');
});
