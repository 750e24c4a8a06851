/** How often a cold request finds its repository, opens it and asks the store: each once. */
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ModhavenError } from '../../src/errors.js';
import { CachedModules } from '../../src/modfetch/cached.js';
import { GitSource } from '../../src/modfetch/git-source.js';
import { LastAnswers } from '../../src/modfetch/last-answers.js';
import type { ModuleSource } from '../../src/modfetch/repo.js';
import { createStaleCache } from '../../src/modfetch/stale-cache.js';
import type { ModulePath } from '../../src/module/module-path.js';
import { createDiskStore } from '../../src/store/disk/disk-store.js';
import { createMemoryBlobStore } from '../support/stores/memory-blob-store.js';
import { StoreDecorator } from '../../src/store/store-decorator.js';
import { storedName, type Part, type VersionStore } from '../../src/store/version-store.js';
import { parseVanity } from '../../src/vanity/vanity-file.js';
import { missing } from '../support/requirements.js';
import { tempDir } from '../support/tmp.js';
import { lab, type Lab } from '../vcs/lab.js';

const MODULE = 'example.com/foo' as ModulePath;
const log = { warn: () => undefined };

/** Notes the reads before the first write of a part: the questions whether it is stored. */
class AskedStore extends StoreDecorator {
  readonly asked: string[] = [];
  private readonly written = new Set<string>();

  override size(part: Part): Promise<number | undefined> {
    this.note(part);
    return super.size(part);
  }

  override read(part: Part): Promise<Buffer | undefined> {
    this.note(part);
    return super.read(part);
  }

  override put(...[part, content]: Parameters<VersionStore['put']>): Promise<boolean> {
    return super.put(part, content).finally(() => this.written.add(storedName(part)));
  }

  private note(part: Part): void {
    if (!this.written.has(storedName(part))) this.asked.push(part.kind);
  }
}

describe.skipIf(missing('git'))('a cold request', () => {
  let home: Lab;
  let store: AskedStore;
  let modules: CachedModules;
  let steps: string[];

  beforeEach(async () => {
    home = await lab();
    steps = [];
    store = new AskedStore(createDiskStore(await tempDir('store')));
    const map = parseVanity(`paths:\n  ${MODULE}: ${home.url}\n`, '/srv/vanity.yaml', { defaultHost: '' });
    const { code } = home;
    const source = new GitSource({
      roots: {
        find(path) {
          steps.push('find');
          const [root] = map.candidates(path);
          if (root === undefined) throw new ModhavenError('MODULE_NOT_FOUND', 'no rule');
          return Promise.resolve(root);
        },
      },
      host: {
        ...code,
        open(...args) {
          steps.push('open');
          return code.open(...args);
        },
      },
      refreshMs: () => 60_000,
    });
    modules = new CachedModules(source, store, { log });
  });
  afterEach(() => home.host.stop());

  it.each([
    ['zip', async () => (await modules.zip(MODULE, 'v1.0.0')).stored(), ['zip', 'info', 'mod']],
    ['mod', () => modules.mod(MODULE, 'v1.0.0'), ['mod', 'info']],
    ['info', () => modules.info(MODULE, 'v1.0.0'), ['info']],
    ['latest', () => modules.info(MODULE, 'latest'), ['info']],
    ['list', () => modules.list(MODULE), []],
  ])(
    'for a %s finds and opens the repository once, and asks once for each part',
    async (_kind, ask, parts) => {
      await ask();
      expect(steps).toEqual(['find', 'open']);
      expect(store.asked).toEqual(parts);
    },
  );

  it('for a .mod after the .info opens it once more, at the commit of the .info', async () => {
    await modules.info(MODULE, 'v1.0.0');
    await home.repo.write({ 'go.mod': 'module example.com/foo\n\ngo 1.99\n' }).commit('moved');
    await home.repo.tag('v1.0.0', { force: true });
    steps.splice(0);
    const { value } = await modules.mod(MODULE, 'v1.0.0');
    expect(value.toString()).toBe('module example.com/foo\n');
    expect(steps).toEqual(['find', 'open']);
  });

  it('another process that was faster decides which commit a version is', async () => {
    const other = createDiskStore(await tempDir('other'));
    const otherInfo = Buffer.from(
      JSON.stringify({
        Version: 'v1.0.0',
        Time: '2024-01-01T00:00:00Z',
        Origin: { VCS: 'git', URL: 'x', Hash: 'f'.repeat(40) },
      }),
    );
    const pins: (string | undefined)[] = [];
    const info = Buffer.from(
      JSON.stringify({
        Version: 'v1.0.0',
        Time: '2024-01-01T00:00:00Z',
        Origin: { VCS: 'git', URL: 'x', Hash: 'a'.repeat(40) },
      }),
    );
    const part: Part = { module: MODULE, version: 'v1.0.0', kind: 'info' };
    const source = {
      async mod(_module: ModulePath, _version: string, pinned?: { Origin?: { Hash?: string } }) {
        pins.push(pinned?.Origin?.Hash);
        if (pinned !== undefined) return { mod: Buffer.from('theirs') };
        await other.put(part, (sink) => Promise.resolve(void sink.write(otherInfo)));
        return { mod: Buffer.from('ours'), info };
      },
    } as unknown as ModuleSource;
    const { value } = await new CachedModules(source, other, { log }).mod(MODULE, 'v1.0.0');
    expect(value.toString()).toBe('theirs');
    expect(pins).toEqual([undefined, 'f'.repeat(40)]);
  });
});

describe('what may change', () => {
  /** A source whose lists wait until they are released. */
  function slow() {
    const waiting: ((versions: string[]) => void)[] = [];
    const source = {
      list: () =>
        new Promise((resolve) => {
          waiting.push((versions) => resolve({ versions, asOf: Date.now() }));
        }),
    } as unknown as ModuleSource;
    const staleCache = createStaleCache({ blobs: createMemoryBlobStore(), log });
    const lastAnswers = new LastAnswers({
      staleCache,
      freshForMs: () => 0,
      staleAfterMs: () => staleAfterMs,
      log,
    });
    const store = createDiskStore(join('/nonexistent', 'store'));
    return { modules: new CachedModules(source, store, { log, lastAnswers }), waiting };
  }
  let staleAfterMs = 60_000;
  const turn = () => new Promise((resolve) => setImmediate(resolve));

  it('is not answered with a question from before a change', async () => {
    const { modules, waiting } = slow();
    const before = modules.list(MODULE);
    await turn();
    modules.changed();
    const after = modules.list(MODULE);
    await turn();
    expect(waiting).toHaveLength(2);
    waiting[0]?.(['v1.0.0']);
    waiting[1]?.(['v1.0.0', 'v1.1.0']);
    expect((await before).value).toEqual(['v1.0.0']);
    expect((await after).value).toEqual(['v1.0.0', 'v1.1.0']);
  });

  it('is the last answer while the home hangs, and callers share one question', async () => {
    const { modules, waiting } = slow();
    const first = modules.list(MODULE);
    await turn();
    waiting[0]?.(['v1.0.0']);
    await first;
    staleAfterMs = 1;
    const [one, two] = await Promise.all([modules.list(MODULE), modules.list(MODULE)]);
    expect(one).toMatchObject({ value: ['v1.0.0'], stale: true });
    expect(two).toMatchObject({ value: ['v1.0.0'], stale: true });
    expect(waiting).toHaveLength(2);
    staleAfterMs = 60_000;
    const last = modules.list(MODULE);
    await turn();
    waiting[1]?.(['v2.0.0']);
    expect((await last).value).toEqual(['v2.0.0']);
  });
});
