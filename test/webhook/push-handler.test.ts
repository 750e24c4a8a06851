import { describe, expect, it, vi } from 'vitest';
import { ModhavenError, type ErrorCode } from '../../src/errors.js';
import type { RepoUrl } from '../../src/module/repo-url.js';
import { PushHandler } from '../../src/webhook/push-handler.js';
import type { Push } from '../../src/webhook/payload.js';
import { parseVanity } from '../../src/vanity/vanity-file.js';

const ZEROS = '0'.repeat(40);

interface SceneOptions {
  vanity: string;
  prefetch?: boolean;
  /** What the module service says to `MODULE@VERSION`; default: it has it. */
  failures?: Record<string, ErrorCode>;
  refresh?: (repo: RepoUrl) => Promise<void>;
}

function scene({ vanity, prefetch = true, failures = {}, refresh }: SceneOptions) {
  const refreshed: string[] = [];
  const fetched: string[] = [];
  const log = { info: vi.fn(), warn: vi.fn() };
  const ask = (path: string, version: string, kind: string): Promise<never> => {
    const code = failures[`${path}@${version}`];
    if (code !== undefined) return Promise.reject(new ModhavenError(code, `no ${path}@${version}`));
    fetched.push(`${path}@${version} ${kind}`);
    return Promise.resolve({} as never);
  };
  const handler = new PushHandler({
    vanity: () => parseVanity(vanity, '/srv/vanity.yaml', { defaultHost: 'ex.com' }),
    host: {
      refresh: (repo) => {
        refreshed.push(repo.url);
        return refresh?.(repo) ?? Promise.resolve();
      },
    },
    modules: {
      info: (path, version) => ask(path, version, 'info'),
      mod: (path, version) => ask(path, version, 'mod'),
      zip: (path, version) => Promise.resolve({ fromCache: false, stored: () => ask(path, version, 'zip') }),
    },
    prefetch: () => prefetch,
    log,
  });
  return { handler, refreshed, fetched, log };
}

function push(url: string, ...refs: string[]): Push {
  const pushed = refs.map((ref) => ({ ref, after: 'a'.repeat(40) }));
  return { forge: 'gitlab', cloneUrls: [url], project: undefined, refs: pushed };
}

const RULES = 'paths:\n  /go/{name}: http://h/go/{name}.git\n  /go/foo/own: http://h/own.git\n';

describe('createPushHandler', () => {
  it('asks each repository once, however many rules name it', async () => {
    const { handler, refreshed } = scene({
      vanity: 'paths:\n  /a: http://h/x.git\n  /b: http://h/x.git\n  /c: ssh://git@h/x\n  /d: http://h/y\n',
    });
    expect(handler.handle(push('git@h:x.git', 'refs/heads/main'))).toEqual({
      matched: true,
      text: 'asking for new refs of ex.com/a, ex.com/b, ex.com/c',
    });
    await handler.idle();
    expect(refreshed).toEqual(['http://h/x.git', 'ssh://git@h/x']);
  });

  it('finds the projects of Gerrit by their path at any host', async () => {
    const { handler, refreshed } = scene({
      vanity:
        'paths:\n  /go/{name}: http://g/a/go/{name}\n  /old/foo: ssh://tony@g:29418/go/foo\n  /x: http://g/x/go/foo\n',
    });
    const refs = [{ ref: 'refs/heads/main', after: '' }];
    handler.handle({ forge: 'gerrit', cloneUrls: [], project: 'go/foo', refs });
    await handler.idle();
    expect(refreshed).toEqual(['http://g/a/go/foo', 'ssh://tony@g:29418/go/foo']);
  });

  it.each([
    ['another repository', 'http://h/team/foo.git', 'no rule of vanity.yaml matches http://h/team/foo.git'],
    ['a path of this machine', '/srv/local.git', 'no rule of vanity.yaml matches /srv/local.git'],
    ['no address', 'ext::sh -c true', 'no rule of vanity.yaml matches ext::sh -c true'],
    [
      'an address with a token',
      'http://oauth2:s3cret@h/team/foo',
      'no rule of vanity.yaml matches http://***@h/team/foo',
    ],
    ['two lines', 'http://h/x\nforged', 'no rule of vanity.yaml matches http://h/x forged'],
  ])('leaves %s alone', async (_name, url, text) => {
    const { handler, refreshed } = scene({ vanity: `${RULES}  /local: /srv/local.git\n` });
    expect(handler.handle(push(url, 'refs/tags/v1.0.0'))).toEqual({ matched: false, text });
    await handler.idle();
    expect(refreshed).toEqual([]);
  });

  it('fetches .zip, .mod and .info of a pushed version, in this order', async () => {
    const { handler, fetched } = scene({ vanity: RULES });
    handler.handle(push('http://h/go/foo', 'refs/heads/main', 'refs/tags/v1.0.0', 'refs/tags/nightly'));
    await handler.idle();
    expect(fetched).toEqual(['zip', 'mod', 'info'].map((kind) => `ex.com/go/foo@v1.0.0 ${kind}`));
  });

  it('fetches nothing without prefetch, for a deleted tag, or where any path leads to the repository', async () => {
    const off = scene({ vanity: RULES, prefetch: false });
    off.handler.handle(push('http://h/go/foo', 'refs/tags/v1.0.0'));
    const gone = scene({ vanity: RULES });
    const refs = [{ ref: 'refs/tags/v1.0.0', after: ZEROS }];
    gone.handler.handle({ ...push('http://h/go/foo'), refs });
    const any = scene({ vanity: 'paths:\n  /{any}/x: http://h/x.git\n' });
    any.handler.handle(push('http://h/x', 'refs/tags/v1.0.0'));
    for (const { handler, refreshed, fetched } of [off, gone, any]) {
      await handler.idle();
      expect(refreshed).toHaveLength(1);
      expect(fetched).toEqual([]);
    }
  });

  it('tries v2.0.0 as +incompatible where there is no module /v2', async () => {
    const { handler, fetched, log } = scene({
      vanity: RULES,
      failures: { 'ex.com/go/foo/v2@v2.0.0': 'VERSION_NOT_FOUND' },
    });
    handler.handle(push('http://h/go/foo', 'refs/tags/v2.0.0'));
    await handler.idle();
    expect(fetched[0]).toBe('ex.com/go/foo@v2.0.0+incompatible zip');
    expect(log.warn).not.toHaveBeenCalled();
  });

  it('leaves a nested module alone that another rule takes elsewhere', async () => {
    const { handler, fetched } = scene({ vanity: RULES });
    handler.handle(push('http://h/go/foo', 'refs/tags/own/v1.0.0', 'refs/tags/sub/v1.0.0'));
    await handler.idle();
    expect(fetched).toContain('ex.com/go/foo/sub@v1.0.0 zip');
    expect(fetched.join()).not.toContain('own');
  });

  it('logs a version that fails, and goes on with the next', async () => {
    const { handler, fetched, log } = scene({
      vanity: RULES,
      failures: { 'ex.com/go/foo@v1.0.0': 'HOST_TIMEOUT' },
    });
    handler.handle(push('http://h/go/foo', 'refs/tags/v1.0.0', 'refs/tags/v1.0.1'));
    await handler.idle();
    expect(log.warn).toHaveBeenCalledWith(
      expect.objectContaining({ tag: 'v1.0.0', code: 'HOST_TIMEOUT' }),
      'a pushed tag cannot be fetched',
    );
    expect(fetched).toContain('ex.com/go/foo@v1.0.1 zip');
  });

  it('logs a repository that fails, and fetches nothing from it', async () => {
    const { handler, fetched, log } = scene({
      vanity: RULES,
      refresh: () => Promise.reject(new ModhavenError('HOST_REFUSED', 'h wants a token')),
    });
    handler.handle(push('http://h/go/foo', 'refs/tags/v1.0.0'));
    await handler.idle();
    expect(log.warn).toHaveBeenCalledOnce();
    expect(fetched).toEqual([]);
  });

  it('asks for refs at once while an earlier push is still being fetched', async () => {
    const { handler, refreshed, fetched } = scene({ vanity: RULES });
    handler.handle(push('http://h/go/foo', 'refs/tags/v1.0.0'));
    handler.handle(push('http://h/go/foo', 'refs/tags/v1.0.1'));
    expect(refreshed).toHaveLength(2);
    await handler.idle();
    // One repository, one prefetch at a time.
    expect(fetched.map((line) => line.split(' ')[0])).toEqual([
      ...['v1.0.0', 'v1.0.0', 'v1.0.0', 'v1.0.1', 'v1.0.1', 'v1.0.1'].map(
        (version) => `ex.com/go/foo@${version}`,
      ),
    ]);
  });
});
