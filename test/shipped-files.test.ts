import { readFileSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { parseDocument } from 'yaml';
import { loadConfig, parseConfig } from '../src/config/load-config.js';
import { ConfigFile } from '../src/config/schema.js';
import { keysAt } from '../src/yaml/with-schema.js';
import { RuleEntry } from '../src/vanity/schema.js';
import { loadVanity, parseVanity } from '../src/vanity/vanity-file.js';

const FOLDER = fileURLToPath(new URL('../config/', import.meta.url));
const CONFIG = resolve(FOLDER, 'modhaven.yaml');
const VANITY = resolve(FOLDER, 'vanity.yaml');

/**
 * The file with every commented-out line taken in. Such a line is a key and a colon, and what may follow; a key begins
 * in lower case or is an ssh option, so that a sentence is none.
 */
function uncommented(file: string): string {
  const [, ...lines] = readFileSync(file, 'utf8').split('\n');
  const key = /^(\s*)# (\s*(?:[a-z\d/]|\w+Algorithms:)[\w./{}:-]*:(?: .*)?)$/;
  return lines.map((line) => line.replace(key, '$1$2')).join('\n');
}

describe('config/modhaven.yaml', () => {
  it('is what npm start runs with', () => {
    expect(loadConfig(CONFIG, {})).toMatchObject({
      listen: { host: '127.0.0.1', port: 10000 },
      publicUrl: 'http://127.0.0.1:10000',
      vanityFile: VANITY,
      cacheDir: resolve(FOLDER, '../data'),
      upstream: [],
      warnings: [],
    });
  });

  it('shows every key, and none that does not exist', () => {
    const text = uncommented(CONFIG);
    const config = parseConfig(text, CONFIG, { WEBHOOK_SECRET: 'x', GITLAB_TOKEN: 'y' });
    expect(config.hosts.size).toBe(3);
    const data = parseDocument(text).toJS() as Record<string, unknown>;
    const hosts = (data.vcs as { hosts: Record<string, object> }).hosts;
    const shown = Object.values(hosts).flatMap((entry) => Object.keys(entry));
    expect(Object.keys(data).sort()).toEqual(keysAt(ConfigFile, []).sort());
    for (const section of ['cache', 'webhook', 'vcs']) {
      expect(Object.keys(data[section] as object).sort(), section).toEqual(
        keysAt(ConfigFile, [section]).sort(),
      );
    }
    expect(shown.sort()).toEqual(keysAt(ConfigFile, ['vcs', 'hosts', 'any']).sort());
  });

  it('shows the defaults the program has', () => {
    const shown = parseConfig(uncommented(CONFIG), CONFIG, { WEBHOOK_SECRET: 'x', GITLAB_TOKEN: 'y' });
    const { cacheMaxSize, refreshMs, vcsTimeoutMs, vcsConnectTimeoutMs, vcsConcurrency } = parseConfig(
      '',
      CONFIG,
      {},
    );
    expect(shown).toMatchObject({
      cacheMaxSize,
      refreshMs,
      vcsTimeoutMs,
      vcsConnectTimeoutMs,
      vcsConcurrency,
    });
  });
});

describe('config/vanity.yaml', () => {
  it('holds the demo', () => {
    const map = loadVanity(VANITY, { defaultHost: '' });
    expect(map.warnings).toEqual([]);
    expect(
      map.rules.map(({ prefix, repos }) => [prefix, basename(repos[0]?.path ?? ''), repos[0]?.bundle]),
    ).toEqual([['demo.modhaven.example/hello', 'hello.bundle', true]]);
  });

  it('shows every form of a rule, and every key', () => {
    const text = uncommented(VANITY);
    const map = parseVanity(text, VANITY, { defaultHost: '' });
    expect(map.warnings).toEqual([]);
    expect(map.rules.map(({ key }) => key)).toEqual([
      '/hello',
      '/go/foo',
      '/go/common',
      '/go/tools',
      '/go/service',
      '/lib/{name}',
      'other.corp/lib',
    ]);
    const data = parseDocument(text).toJS() as { paths: Record<string, object> };
    expect(Object.keys(data).sort()).toEqual(['cache_max_age', 'host', 'paths']);
    expect(Object.keys(data.paths['/go/service'] ?? {}).sort()).toEqual(keysAt(RuleEntry, []).sort());
  });

  it.each([CONFIG, VANITY])('%s names its schema for editors', (file) => {
    const [first] = readFileSync(file, 'utf8').split('\n');
    expect(first).toBe(`# yaml-language-server: $schema=./${basename(file, '.yaml')}.schema.json`);
  });
});
