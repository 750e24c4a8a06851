import { readFile, readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { compareAll, type CompareAllResult } from '../../src/verify/compare-all.js';
import type { Comparison } from '../../src/verify/compare-version.js';
import type { Target } from '../../src/verify/target.js';
import { openJournal } from '../../src/verify/journal.js';
import { planComparison } from '../../src/verify/plan.js';
import { commandsIn } from '../support/hosts/git-http-host.js';
import { missing } from '../support/requirements.js';
import { tempDir } from '../support/tmp.js';
import { LAB_VERSIONS, labModule, moveLab, release, type MoveLab } from './move-lab.js';

/** Everything in the store, as one text. */
async function contentOf(dir: string): Promise<string[]> {
  const names = await readdir(dir, { recursive: true, withFileTypes: true });
  const files = names
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name));
  return Promise.all(
    files.sort().map(async (file) => `${file} ${(await readFile(file)).toString('base64')}`),
  );
}

interface Options {
  all?: boolean;
  newTarget?: Target;
  resume?: string;
}

/** What `modhaven verify --against` does with the lab. */
async function compare(
  lab: MoveLab,
  { all = false, resume, ...given }: Options = {},
): Promise<CompareAllResult> {
  const { store, oldMap, newMap } = lab;
  const oldTarget = lab.targetOf(oldMap);
  const newTarget = given.newTarget ?? lab.targetOf(newMap);
  const plan = await planComparison({
    store,
    newTarget,
    modules: [],
    concurrency: 4,
    isPrivate: (module) => newMap.covers(module),
    all: all ? { oldTarget, ruleRoots: [] } : undefined,
  });
  const journal = resume === undefined ? undefined : await openJournal(resume);
  const result = await compareAll(plan.tasks, { store, oldTarget, newTarget, concurrency: 4, journal });
  return { ...result, comparisons: [...result.comparisons, ...plan.failures] };
}

function find({ comparisons }: CompareAllResult, text: string): Comparison | undefined {
  return comparisons.find(({ module, version }) => `${module}@${version ?? ''}` === `my.corp/${text}`);
}

function verdicts({ comparisons }: CompareAllResult): Record<string, string> {
  return Object.fromEntries(
    comparisons.map(({ module, version, verdict }) => [
      `${module.slice('my.corp/'.length)}@${version ?? ''}`,
      verdict,
    ]),
  );
}

describe.skipIf(missing('git'))('a comparison with a new repository', () => {
  let lab: MoveLab;
  let result: CompareAllResult;
  let before: string[];

  beforeAll(async () => {
    lab = await moveLab();
    await lab.fetch(...LAB_VERSIONS);
    before = await contentOf(path.join(lab.dir, 'data/download'));
    result = await compare(lab);
  });
  afterAll(() => lab.stop());

  it('has a verdict on every version', () => {
    expect(verdicts(result)).toEqual({
      'same@v1.0.0': 'same',
      'same@v1.1.0': 'same',
      'rebased@v1.0.0': 'moved-commit',
      'edited@v1.0.0': 'different',
      'gomod@v1.0.0': 'different',
      'lost@v1.0.0': 'same',
      'lost@v1.1.0': 'missing',
      'down@v1.0.0': 'unreachable',
    });
  });

  it('says that the same content is in another commit, and in which', async () => {
    const [old, moved] = await Promise.all([
      lab.oldRepo('rebased').rev('v1.0.0'),
      lab.newRepo('rebased').rev('v1.0.0'),
    ]);
    expect(old).not.toBe(moved);
    const rebased = find(result, 'rebased@v1.0.0');
    expect(rebased).toMatchObject({ stored: { commit: old }, found: { commit: moved } });
    expect(rebased?.found?.zip).toBe(rebased?.stored.zip);
    expect(rebased?.found?.mod).toBe(rebased?.stored.mod);
  });

  it('names the files that differ', () => {
    expect(find(result, 'edited@v1.0.0')?.files).toEqual(
      expect.arrayContaining([
        { path: 'edited.go', change: 'changed' },
        { path: 'data/a.txt', change: 'removed' },
        { path: 'data/b.txt', change: 'added' },
        { path: 'more.go', change: 'added' },
      ]),
    );
    expect(find(result, 'edited@v1.0.0')?.files).toHaveLength(4);
    const gomod = find(result, 'gomod@v1.0.0');
    expect(gomod?.files).toEqual([{ path: 'go.mod', change: 'changed' }]);
    expect(gomod?.cause).toMatch(/zip h1:\S+ is h1:\S+ there; go\.mod h1:\S+ is h1:\S+ there/);
  });

  it('gives cause and remedy of what is missing or out of reach', () => {
    expect(find(result, 'lost@v1.1.0')?.cause).toMatch(/^unknown revision v1\.1\.0; /);
    const down = find(result, 'down@v1.0.0');
    expect(down?.cause).toContain(`cannot read ${lab.downUrl}`);
    expect(down?.remedy).toMatch(/\w/);
  });

  it('leaves the store as it was, and no temporary files', async () => {
    expect(await contentOf(path.join(lab.dir, 'data/download'))).toEqual(before);
  });

  it('asks each repository for its refs once', async () => {
    lab.newHost.requests.length = 0;
    await compare(lab);
    const asked = lab.newHost.requests.filter(({ url }) => url.startsWith('/lost.git/'));
    expect(commandsIn(asked).filter((command) => command === 'ls-refs')).toHaveLength(1);
  });
});

describe.skipIf(missing('git'))('a comparison of everything', () => {
  it('includes what only one side has, and modules that only tags tell of', async () => {
    await using lab = await moveLab();
    await lab.fetch('same@v1.0.0', 'lost@v1.0.0');
    await release(lab.newRepo('same'), 'same', 'v1.2.0', { 'data/a.txt': 'c\n' });
    const nested = { 'sub/go.mod': 'module my.corp/lost/sub\n', 'sub/sub.go': 'package sub\n' };
    await release(lab.oldRepo('lost'), 'lost', 'sub/v0.1.0', nested);
    await release(lab.newRepo('lost'), 'lost', 'sub/v0.1.0', nested, 'rewritten');
    expect(verdicts(await compare(lab, { all: true }))).toEqual({
      'same@v1.0.0': 'same',
      'same@v1.1.0': 'same',
      'same@v1.2.0': 'extra',
      'lost@v1.0.0': 'same',
      'lost@v1.1.0': 'missing',
      'lost/sub@v0.1.0': 'moved-commit',
    });
  });

  it('says so when a side cannot list its versions', async () => {
    await using lab = await moveLab();
    await lab.fetch('same@v1.0.0');
    lab.oldHost.setFailure('/same.git', 503);
    const result = await compare(lab, { all: true });
    expect(verdicts(result)).toMatchObject({ 'same@v1.0.0': 'same', 'same@': 'unreachable' });
    expect(find(result, 'same@')?.cause).toMatch(
      /^what the present repository has besides the cache is unknown: /,
    );
  });
});

describe.skipIf(missing('git'))('a version of which only the .info is cached', () => {
  it('is missing where the commit that it names is gone, with what to do before the move', async () => {
    await using lab = await moveLab();
    await lab.fetch('info rebased@v1.0.0', 'info same@v1.0.0');
    const result = await compare(lab);
    expect(verdicts(result)).toEqual({ 'rebased@v1.0.0': 'missing', 'same@v1.0.0': 'same' });
    const { cause, remedy } = find(result, 'rebased@v1.0.0') ?? {};
    expect(cause).toMatch(
      /^its \.zip is not in the cache yet and would be made of commit [0-9a-f]{12}, which is not there$/,
    );
    expect(remedy).toContain('go mod download my.corp/rebased@v1.0.0');
  });

  it('is in order where a branch still leads to that commit and the tag has the same content', async () => {
    await using lab = await moveLab();
    await lab.fetch('info rebased@v1.0.0');
    const old = lab.oldRepo('rebased').dir;
    await lab
      .newRepo('rebased')
      .git('fetch', '--quiet', old, '+refs/heads/main:refs/heads/before-the-rewrite');
    expect(verdicts(await compare(lab))).toEqual({ 'rebased@v1.0.0': 'moved-commit' });
  });

  it('is different where the tag has other content than the commit', async () => {
    await using lab = await moveLab();
    await lab.fetch('info edited@v1.0.0');
    const old = lab.oldRepo('edited').dir;
    await lab
      .newRepo('edited')
      .git('fetch', '--quiet', old, '+refs/heads/main:refs/heads/before-the-rewrite');
    expect(verdicts(await compare(lab))).toEqual({ 'edited@v1.0.0': 'different' });
  });
});

describe.skipIf(missing('git'))('a comparison that goes on', () => {
  let lab: MoveLab;
  beforeAll(async () => {
    lab = await moveLab();
    await lab.fetch(...LAB_VERSIONS);
  });
  afterAll(() => lab.stop());

  it('takes what it knows from the file, and asks again for what was out of reach', async () => {
    const file = path.join(await tempDir('resume'), 'results.jsonl');
    const first = await compare(lab, { resume: file });
    expect(first.resumed).toBe(0);
    expect((await readFile(file, 'utf8')).trim().split('\n')).toHaveLength(LAB_VERSIONS.length);
    lab.newHost.requests.length = 0;
    const second = await compare(lab, { resume: file });
    expect(second.resumed).toBe(LAB_VERSIONS.length - 1);
    expect(lab.newHost.requests).toEqual([]);
    expect(second.comparisons).toEqual(first.comparisons);
  });

  it('goes on where a kill cut the last line off', async () => {
    const file = path.join(await tempDir('resume'), 'results.jsonl');
    await compare(lab, { resume: file });
    const text = await readFile(file, 'utf8');
    const [first = '', second = ''] = text.split('\n').filter((line) => line.includes('"verdict":"same"'));
    await writeFile(file, `${first}\n${second.slice(0, 40)}`);
    expect((await compare(lab, { resume: file })).resumed).toBe(1);
    expect((await compare(lab, { resume: file })).resumed).toBe(LAB_VERSIONS.length - 1);
  });

  it('asks again where the new map names another repository', async () => {
    const file = path.join(await tempDir('resume'), 'results.jsonl');
    await compare(lab, { resume: file });
    const back = await compare(lab, { resume: file, newTarget: lab.targetOf(lab.oldMap) });
    expect(back.resumed).toBe(0);
    expect(new Set(back.comparisons.map(({ verdict }) => verdict))).toEqual(new Set(['same']));
  });

  it.each([
    { name: 'a YAML file', text: 'host: my.corp\n', line: 1 },
    { name: 'other JSON', text: '{"a":1}\n', line: 1 },
    { name: 'a text without a line end', text: 'my notes', line: 1 },
  ])('refuses $name, and leaves it alone', async ({ text, line }) => {
    const file = path.join(await tempDir('resume'), 'file');
    await writeFile(file, text);
    await expect(openJournal(file)).rejects.toMatchObject({
      code: 'CONFIG',
      message: `${file}:${line}: this is not a result of modhaven verify`,
    });
    expect(await readFile(file, 'utf8')).toBe(text);
  });

  it('refuses a file that cannot be written before anything is asked', async () => {
    await expect(openJournal(await tempDir('resume'))).rejects.toMatchObject({ code: 'CONFIG' });
  });
});

describe.skipIf(missing('git'))('the plan of a comparison', () => {
  it('puts versions of different modules beside each other, and leaves public modules out', async () => {
    await using lab = await moveLab();
    await lab.fetch('same@v1.0.0', 'same@v1.1.0', 'lost@v1.0.0', 'lost@v1.1.0', 'edited@v1.0.0');
    const { tasks } = await planComparison({
      store: lab.store,
      newTarget: lab.targetOf(lab.newMap),
      modules: [],
      concurrency: 4,
      isPrivate: (module) => module !== labModule('edited'),
    });
    expect(tasks.map(({ module, version }) => `${module.slice('my.corp/'.length)}@${version}`)).toEqual([
      'lost@v1.0.0',
      'same@v1.0.0',
      'lost@v1.1.0',
      'same@v1.1.0',
    ]);
  });
});
