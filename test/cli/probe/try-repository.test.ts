import { describe, expect, it } from 'vitest';
import { tryTarget, type Trial } from '../../../src/cli/probe/try-repository.js';
import { ModhavenError } from '../../../src/errors.js';
import { parseVanity } from '../../../src/vanity/vanity-file.js';
import type { CodeRepo } from '../../../src/vcs/types.js';

const MAP = parseVanity(
  'host: my.corp\npaths: { /foo: https://git.corp/foo.git, "/go/{name}": "https://git.corp/{name}.git" }\n',
  'vanity.yaml',
  { defaultHost: '' },
);
const SETTINGS = { timeoutMs: 1000, connectTimeoutMs: 1000, concurrency: 1, packLimit: 1, hosts: new Map() };

/** A repository with `goMod` on its branch; without a branch it is empty. */
function repoWith(goMod: string | undefined, defaultBranch: string | undefined = 'main'): CodeRepo {
  return {
    url: 'https://git.corp/foo.git',
    defaultBranch,
    tags: () => ({ list: [], origin: { VCS: 'git', URL: '' } }),
    latest: () => Promise.resolve({ hash: 'a'.repeat(40) }),
    readFile: () => Promise.resolve(goMod === undefined ? undefined : Buffer.from(goMod)),
  } as Partial<Record<keyof CodeRepo, unknown>> as CodeRepo;
}

/** The row of the first module below `key`, where opening a repository does what `open` does. */
async function rowOf(key: string, module: string | undefined, open: () => Promise<CodeRepo>) {
  const rule = MAP.rules.find((each) => each.key === key);
  if (rule === undefined) throw new Error(`no rule ${key}`);
  const trial: Trial = {
    host: { open } as Partial<Trial['host']> as Trial['host'],
    roots: { find: () => Promise.reject(new Error('was asked')) },
    settings: SETTINGS,
    candidates: (path) => MAP.candidates(path),
    askHost: (_, work) => work(),
  };
  const [row] = await tryTarget({ rule, module }, trial);
  return row;
}
const refuse = (code: 'REPO_NOT_FOUND' | 'HOST_REFUSED' | 'HOST_UNREACHABLE', reason: string) => () =>
  Promise.reject(new ModhavenError(code, 'cannot read it', { reason, remedy: 'mend it' }));

describe('tryTarget', () => {
  it.each([
    ['module my.corp/foo\n', undefined],
    ['module my.corp/foo/v2\n', undefined],
    [undefined, undefined],
    ['module github.com/old/foo\n', 'says module github.com/old/foo'],
  ])('looks at go.mod: %j', async (goMod, warning) => {
    const row = await rowOf('/foo', 'my.corp/foo', () => Promise.resolve(repoWith(goMod)));
    expect(row).toMatchObject({ ok: true, reached: true, defaultBranch: 'main', versions: 0 });
    if (warning === undefined) expect(row?.warning).toBeUndefined();
    else expect(row?.warning).toContain(warning);
  });

  it('says that a repository is empty', async () => {
    const empty = { ...repoWith(undefined), defaultBranch: undefined };
    expect((await rowOf('/foo', 'my.corp/foo', () => Promise.resolve(empty)))?.warning).toContain('is empty');
  });

  it('has cause and remedy of a repository that cannot be read', async () => {
    expect(await rowOf('/foo', 'my.corp/foo', refuse('REPO_NOT_FOUND', 'there is none'))).toMatchObject({
      ok: false,
      reached: false,
      problem: 'there is none',
      remedy: 'mend it',
    });
  });

  it.each([
    ['REPO_NOT_FOUND', 'there is none', true],
    ['HOST_REFUSED', 'the git host wants a login and modhaven has none for it', true],
    ['HOST_REFUSED', 'the git host answered 403: this login may not', true],
    ['HOST_REFUSED', 'the git host refused the credentials (vcs.hosts.git.corp.token)', false],
    ['HOST_UNREACHABLE', 'nothing listens there', false],
  ] as const)('asks the host of a pattern: %s, %s', async (code, reason, answers) => {
    expect(await rowOf('/go/{name}', undefined, refuse(code, reason))).toMatchObject({
      skipped: true,
      ok: answers,
      hostAnswers: answers,
      problem: answers ? undefined : reason,
    });
  });
});
