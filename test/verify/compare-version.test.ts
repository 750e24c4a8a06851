import { describe, expect, it } from 'vitest';
import { ModhavenError } from '../../src/errors.js';
import { parseModulePath } from '../../src/module/module-path.js';
import {
  compareVersion,
  explainFailure,
  knownOf,
  type KnownHashes,
  type OldVersion,
} from '../../src/verify/compare-version.js';
import type { Fingerprint, Target } from '../../src/verify/target.js';

const MODULE = parseModulePath('ex.test/m');
const FOUND: Fingerprint = {
  repository: 'https://new/m',
  commit: 'b'.repeat(40),
  mod: 'h1:mod',
  zip: 'h1:zip',
  zipProblem: undefined,
};
const OLD: KnownHashes = { commit: 'b'.repeat(40), mod: 'h1:mod', zip: 'h1:zip' };
const INFO = Buffer.from('{}');
const none = new ModhavenError('VERSION_NOT_FOUND', 'not found: ex.test/m@v1.0.0: no tag', {
  reason: 'none',
});

interface Given {
  found?: Partial<Fingerprint> | Error;
  /** What the recorded commit is there. */
  pinned?: Partial<Fingerprint> | Error;
  before?: Record<string, string>;
  after?: Record<string, string> | Error;
}

function compare(old: KnownHashes, { found = {}, pinned = {}, before = {}, after = {} }: Given = {}) {
  const answer = (given: Partial<Fingerprint> | Error) =>
    given instanceof Error ? Promise.reject(given) : Promise.resolve({ ...FOUND, ...given });
  const target = {
    fingerprint: (_: string, __: string, info?: Buffer) => answer(info === undefined ? found : pinned),
    files: () =>
      after instanceof Error ? Promise.reject(after) : Promise.resolve(new Map(Object.entries(after))),
  } as Partial<Target> as Target;
  const version: OldVersion = {
    ...old,
    info: INFO,
    files: () => Promise.resolve(new Map(Object.entries(before))),
  };
  return compareVersion(target, MODULE, 'v1.0.0', version);
}

describe('compareVersion', () => {
  it('is the same with the same commit and content', async () => {
    expect(await compare(OLD)).toEqual({
      verdict: 'same',
      found: { repository: 'https://new/m', commit: FOUND.commit, mod: 'h1:mod', zip: 'h1:zip' },
    });
  });

  it('has moved to another commit where the content is the same', async () => {
    expect(await compare({ ...OLD, commit: 'a'.repeat(40) })).toMatchObject({ verdict: 'moved-commit' });
  });

  it('differs in its zip, and names the files', async () => {
    const before = { same: '1', changed: '2', removed: '3' };
    const after = { same: '1', changed: '4', added: '5' };
    expect(await compare({ ...OLD, zip: 'h1:old' }, { before, after })).toMatchObject({
      verdict: 'different',
      cause: 'zip h1:old is h1:zip there',
      files: [
        { path: 'changed', change: 'changed' },
        { path: 'removed', change: 'removed' },
        { path: 'added', change: 'added' },
      ],
    });
  });

  it('differs also where the files cannot be told', async () => {
    const result = await compare({ ...OLD, zip: 'h1:old' }, { after: new Error('damaged') });
    expect(result.verdict).toBe('different');
    expect(result).not.toHaveProperty('files');
  });

  it('differs in its go.mod, in both, and where there is no zip any more', async () => {
    expect(await compare({ ...OLD, mod: 'h1:old' })).toMatchObject({
      cause: 'go.mod h1:old is h1:mod there',
    });
    expect((await compare({ ...OLD, zip: 'h1:a', mod: 'h1:b' })).cause).toBe(
      'zip h1:a is h1:zip there; go.mod h1:b is h1:mod there',
    );
    expect(await compare(OLD, { found: { zip: undefined, zipProblem: 'too large' } })).toMatchObject({
      verdict: 'different',
      cause: 'too large',
    });
  });

  describe('of which not all is stored, on another commit', () => {
    const partly: KnownHashes = { commit: 'a'.repeat(40), mod: 'h1:mod' };

    it('has moved where the recorded commit has the same content', async () => {
      expect(await compare(partly)).toMatchObject({ verdict: 'moved-commit' });
    });

    it('differs where the recorded commit is something else', async () => {
      expect(await compare(partly, { pinned: { zip: 'h1:other' } })).toMatchObject({
        verdict: 'different',
        cause:
          'its tag is on commit bbbbbbbbbbbb, whose content is not that of aaaaaaaaaaaa, which was served',
      });
    });

    it.each([
      ['VERSION_GONE', 'which is not there'],
      ['VERSION_NOT_FOUND', 'which cannot be read there'],
    ] as const)('is missing where the recorded commit is (%s)', async (code, words) => {
      expect(await compare(partly, { pinned: new ModhavenError(code, 'no') })).toMatchObject({
        verdict: 'missing',
        cause: `its .zip is not in the cache yet and would be made of commit aaaaaaaaaaaa, ${words}`,
        remedy: 'fetch it before the move, while the old repository has it: go mod download ex.test/m@v1.0.0',
      });
    });

    it('is unreachable where that cannot be asked', async () => {
      const pinned = new ModhavenError('HOST_TIMEOUT', 'silent');
      expect(await compare(partly, { pinned })).toEqual({ verdict: 'unreachable', cause: 'silent' });
    });
  });

  it.each<[Error, string]>([
    [none, 'missing'],
    [new ModhavenError('REPO_NOT_FOUND', 'no'), 'missing'],
    [new ModhavenError('MODULE_INVALID', 'no'), 'different'],
    [new ModhavenError('HOST_UNREACHABLE', 'no'), 'unreachable'],
    [new Error('no'), 'unreachable'],
  ])('for %s is %s', async (found, verdict) => {
    expect(await compare(OLD, { found })).toMatchObject({ verdict });
  });
});

describe('explainFailure', () => {
  it('leaves out what stands beside it', () => {
    expect(explainFailure(none, 'ex.test/m@v1.0.0')).toEqual({ cause: 'no tag; none' });
  });

  it('shows no credentials', () => {
    const text = 'cannot read https://user:secret@h/x';
    const failures = [new ModhavenError('HOST_REFUSED', text, { remedy: text }), new Error(text)];
    for (const failure of failures) {
      expect(JSON.stringify(explainFailure(failure, 's'))).not.toContain('secret');
    }
  });
});

it('knownOf has a field only if something is known', () => {
  expect(knownOf({ commit: undefined, zip: 'h1:x', mod: undefined })).toEqual({ zip: 'h1:x' });
  expect(Object.keys(knownOf({ commit: undefined, zip: undefined, mod: undefined }))).toEqual([]);
});
