import { describe, expect, it } from 'vitest';
import { goAnswers, type GoQuestion } from '../../../src/cli/probe/go-answers.js';
import { createStopwatch } from '../../../src/cli/terminal/stopwatch.js';
import { ModhavenError } from '../../../src/errors.js';
import type { ModuleSource } from '../../../src/modfetch/repo.js';
import { parseModulePath } from '../../../src/module/module-path.js';
import type { Part, VersionStore } from '../../../src/store/version-store.js';

const MODULE = parseModulePath('my.corp/foo');
const INFO = Buffer.from('{"Version":"v1.0.0","Time":"2026-01-02T03:04:05Z"}');

/** A store that holds these parts, as `v1.0.0.info`. */
function storeOf(...stored: string[]): VersionStore {
  const has = ({ version, kind }: Part) => stored.includes(`${version}.${kind}`);
  return {
    size: (part: Part) => Promise.resolve(has(part) ? 1 : undefined),
    read: (part: Part) => Promise.resolve(has(part) ? INFO : undefined),
  } as Partial<VersionStore> as VersionStore;
}

const source: ModuleSource = {
  list: () => Promise.resolve({ versions: ['v1.0.0'], asOf: 0 }),
  info: (_, query) => {
    if (query === 'v9.0.0') {
      return Promise.reject(new ModhavenError('VERSION_NOT_FOUND', 'not found: v9.0.0'));
    }
    return Promise.resolve({ version: 'v1.0.0', info: INFO, asOf: 0 });
  },
  mod: () => Promise.resolve({ mod: Buffer.from('module my.corp/foo\n') }),
  zip: () =>
    Promise.reject(
      new ModhavenError('HOST_REFUSED', 'cannot read it', { remedy: 'set the token', remedyBy: 'admin' }),
    ),
};

async function answers(question: Partial<GoQuestion>, store = storeOf()) {
  const given = await goAnswers({
    module: MODULE,
    query: undefined,
    newest: 'v1.0.0',
    source,
    store,
    watch: createStopwatch(),
    admin: 'go.corp',
    ...question,
  });
  return given.map(({ request, status, cached }) => `${request} ${status}${cached ? ' cached' : ''}`);
}

describe('goAnswers', () => {
  it('asks as go does, and stops at the first error', async () => {
    expect(await answers({})).toEqual([
      '@v/list 200',
      '@v/v1.0.0.info 200',
      '@v/v1.0.0.mod 200',
      '@v/v1.0.0.zip 502',
    ]);
    expect(await answers({ query: 'v9.0.0' })).toEqual(['@v/v9.0.0.info 404']);
    expect(await answers({ query: 'main', zips: false })).toEqual(['@v/main.info 200', '@v/v1.0.0.mod 200']);
  });

  it('takes what is stored where it is stored', async () => {
    const store = storeOf('v1.0.0.info', 'v1.0.0.mod', 'v1.0.0.zip');
    expect(await answers({ query: 'v1.0.0' }, store)).toEqual([
      '@v/v1.0.0.info 200 cached',
      '@v/v1.0.0.mod 200 cached',
      '@v/v1.0.0.zip 200 cached',
    ]);
  });

  it('says what a developer would read, not what the admin has to change', async () => {
    const given = await goAnswers({
      module: MODULE,
      query: 'v1.0.0',
      newest: undefined,
      source,
      store: storeOf(),
      watch: createStopwatch(),
      admin: 'go.corp',
    });
    expect(given.at(-1)?.text).toMatch(/^cannot read it\ntell the admin of go\.corp/);
  });
});
