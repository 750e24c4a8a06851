/** Files of govanityurls with what this server does not fetch or know: they are served all the same. */
import { describe, expect, it } from 'vitest';
import { isModhavenError } from '../../src/errors.js';
import { createRepoRoots } from '../../src/modfetch/repo-root.js';
import { lookupPage, renderGoImportPage } from '../../src/vanity/go-import-page.js';
import { parseVanity } from '../../src/vanity/vanity-file.js';
import type { CodeHost } from '../../src/vcs/types.js';
import { messageOf } from '../support/message-of.js';

const parse = (text: string) => parseVanity(text, 'v.yaml', { defaultHost: '' });
const NO_HOST = { open: () => Promise.reject(new Error('no host may be asked')) } as unknown as CodeHost;

describe.each(['hg', 'svn', 'bzr', 'fossil'])('a rule with vcs: %s', (vcs) => {
  const map = parse(
    `host: go.example\npaths:\n  /git: https://git.example/git\n  /old:\n    repo: https://me:s3cret@scm.example/old\n    vcs: ${vcs}\n    display: "_ https://scm.example/old{/dir} _"\n  /all/{name}: { repo: "https://scm.example/{name}", vcs: ${vcs} }\n`,
  );

  it('has its page, which shows no login', () => {
    const root = lookupPage(map, 'go.example', '/old/pkg');
    const page = root === undefined ? '' : renderGoImportPage(root, 'http://proxy.example');
    expect(page).toContain(`<meta name="go-import" content="go.example/old ${vcs} https://scm.example/old">`);
    expect(page).toContain(
      '<meta name="go-source" content="go.example/old _ https://scm.example/old{/dir} _">',
    );
    expect(page).not.toContain('s3cret');
    const pattern = lookupPage(map, 'go.example', '/all/x/sub');
    expect(pattern && renderGoImportPage(pattern, '')).toContain(
      `content="go.example/all/x ${vcs} https://scm.example/x"`,
    );
  });

  it('is a warning with its place, and the other rules are served', () => {
    expect(map.warnings.map(({ line, column, message }) => `${line}:${column}: ${message}`)).toEqual([
      expect.stringMatching(`^6:10: "${vcs}": only git is fetched here`),
      expect.stringMatching(`^8:\\d+: "${vcs}": only git is fetched here`),
    ]);
    expect(map.resolve('go.example/git/v2')?.repos).toHaveLength(1);
    expect(map.covers('go.example/old')).toBe(true);
  });

  it('is not found through the proxy, in words that say why', async () => {
    const roots = createRepoRoots({
      candidates: (path) => map.candidates(path),
      host: NO_HOST,
      refreshMs: () => 0,
    });
    const error = await roots.find('go.example/old').catch((failure: unknown) => failure);
    expect(isModhavenError(error, 'MODULE_NOT_FOUND') && `${error.message} ${error.reason ?? ''}`).toBe(
      `not found: go.example/old: only git is fetched here the repository of go.example/old is not git but ${vcs}`,
    );
  });
});

describe('an unknown key of a rule', () => {
  const rule = (key: string) =>
    `paths:\n  go.example/x:\n    repo: https://git.example/x\n    ${key}: value\n`;

  it.each(['branch', 'description', 'ref', 'docs', 'owner'])('%s is a warning', (key) => {
    const { warnings, rules } = parse(rule(key));
    expect(warnings).toEqual([
      { line: 4, column: 5, message: `the key "${key}" of a rule is not known and has no effect` },
    ]);
    expect(rules).toHaveLength(1);
  });

  it.each([
    ['disply', 'display'],
    ['Repo', 'repo'],
    ['vc', 'vcs'],
    ['sub-dir', 'subdir'],
  ])('%s is an error, because it is nearly %s', (key, meant) => {
    expect(messageOf(() => parse(rule(key)))).toBe(
      `v.yaml:4:5: unknown key "${key}"; did you mean "${meant}"?`,
    );
  });
});

it.each([
  ['no URL', 'hg.example/x', 'it is not a URL'],
  ['a space', 'https://h/a b', 'it is not a URL'],
])('the address of a repository that is not git must be one: %s', (_, repo, message) => {
  expect(messageOf(() => parse(`paths:\n  a.example/x: { repo: "${repo}", vcs: hg }\n`))).toContain(message);
});
