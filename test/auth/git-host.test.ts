import { describe, expect, it, vi } from 'vitest';
import { HostRights, type HostAnswer, type HostLogin, type Judge } from '../../src/auth/git-host.js';
import { ModhavenError } from '../../src/errors.js';
import { generateToken } from '../../src/auth/tokens.js';

const basic = (user: string, password = 'pw') =>
  `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
const module = (path: string) => ({ kind: 'module', path }) as const;

/** A host where `ann` may read everything, `bob` nothing, and no one else is known. */
function host() {
  return vi.fn(({ username }: HostLogin): Promise<HostAnswer> =>
    Promise.resolve(username === 'ann' ? 'may-read' : username === 'bob' ? 'may-not-read' : 'refuses-login'),
  );
}

function rights(ask: Judge['ask'], judge: Partial<Judge> = {}) {
  let now = 0;
  const judgeOf = vi.fn((path: string | undefined) =>
    Promise.resolve({ key: path ?? 'any', host: 'git.corp.test', isOwn: path !== undefined, ask, ...judge }),
  );
  const rights = new HostRights({ judgeOf, ttlMs: () => 60_000, now: () => now });
  return { rights, judgeOf, advance: (ms: number) => (now += ms) };
}

describe('what a git host says of a login', () => {
  it('is a right, none, or that the login is wrong', async () => {
    const { rights: by } = rights(host());
    expect(await by.judge(module('corp.test/x'), basic('ann'))).toMatchObject({
      kind: 'may-read',
      principal: { kind: 'git-host', name: 'ann@git.corp.test' },
    });
    expect(await by.judge(module('corp.test/x'), basic('bob'))).toMatchObject({ kind: 'may-not-read' });
    expect(await by.judge(module('corp.test/x'), basic('eve'))).toEqual({ kind: 'refuses-login' });
  });

  it('is kept for a minute, yes and no alike, for this login alone, and known at once', async () => {
    const ask = host();
    const { rights: by, advance } = rights(ask);
    for (const user of ['ann', 'bob', 'eve']) {
      await by.judge(module('corp.test/x'), basic(user));
      advance(59_000 / 3);
    }
    expect(by.judge(module('corp.test/x'), basic('bob'))).toMatchObject({ kind: 'may-not-read' });
    expect(ask).toHaveBeenCalledTimes(3);
    expect(by.judge(module('corp.test/x'), basic('ann', 'other'))).toBeInstanceOf(Promise);
    advance(2_000);
    expect(by.judge(module('corp.test/x'), basic('ann'))).toBeInstanceOf(Promise);
  });

  it('is known without a question, once it was said, and nothing of a login that is none', async () => {
    const ask = host();
    const { rights: by, advance } = rights(ask);
    await by.judge(module('corp.test/x'), basic('ann'));
    const known = by.knownTo(basic('ann'));
    expect(known(module('corp.test/x'))).toMatchObject({ kind: 'may-read' });
    expect(known(module('corp.test/y'))).toBeUndefined();
    expect(by.knownTo(undefined)(module('corp.test/x'))).toEqual({ kind: 'refuses-login' });
    advance(61_000);
    expect(known(module('corp.test/x'))).toBeUndefined();
    expect(ask).toHaveBeenCalledTimes(1);
  });

  it('is asked once for all who wait, and once for all modules of a repository', async () => {
    const ask = host();
    const { rights: by } = rights(ask, { key: 'one' });
    await Promise.all(
      ['a', 'a', 'b'].map((name) => Promise.resolve(by.judge(module(`corp.test/${name}`), basic('ann')))),
    );
    await by.judge(module('corp.test/c'), basic('ann'));
    expect(ask).toHaveBeenCalledTimes(1);
  });

  it('is nothing while it cannot be asked, but what it said before holds', async () => {
    let isDown = false;
    const ask = vi.fn((login: HostLogin) =>
      isDown ? Promise.reject(new ModhavenError('HOST_UNREACHABLE', 'down')) : host()(login),
    );
    const { rights: by, advance } = rights(ask);
    await by.judge(module('corp.test/x'), basic('ann'));
    isDown = true;
    expect(by.judge(module('corp.test/x'), basic('ann'))).toMatchObject({ kind: 'may-read' });
    await expect(by.judge(module('corp.test/y'), basic('ann'))).rejects.toMatchObject({
      code: 'HOST_UNREACHABLE',
    });
    advance(60_001);
    await expect(by.judge(module('corp.test/x'), basic('ann'))).rejects.toMatchObject({
      code: 'HOST_UNREACHABLE',
    });
  });

  it('gives no right where another repository stood in, and none where none can be asked', async () => {
    const { rights: standIn } = rights(host(), { isOwn: false });
    expect(await standIn.judge(module('corp.test/gone'), basic('ann'))).toMatchObject({
      kind: 'may-not-read',
    });
    expect(await standIn.judge(module('corp.test/gone'), basic('eve'))).toEqual({ kind: 'refuses-login' });
    const none = new HostRights({ judgeOf: () => Promise.resolve(undefined), ttlMs: () => 60_000 });
    expect(await none.judge(module('corp.test/x'), basic('ann'))).toEqual({ kind: 'refuses-login' });
  });

  it('proves a login only where a wrong one would have been refused', async () => {
    const { rights: strict } = rights(host());
    expect(await strict.judge({ kind: 'login', proof: true }, basic('bob'))).toMatchObject({
      kind: 'may-read',
    });
    const anybody = rights(() => Promise.resolve('may-read')).rights;
    expect(await anybody.judge({ kind: 'login', proof: true }, basic('x'))).toEqual({
      kind: 'refuses-login',
    });
    expect(await anybody.judge({ kind: 'login', proof: false }, basic('x'))).toMatchObject({
      kind: 'may-read',
    });
  });

  it('is never asked about a token of ours, and about a bearer token as forges take it', async () => {
    const ask = host();
    const { rights: by } = rights(ask);
    expect(by.judge(module('corp.test/x'), basic('ann', generateToken()))).toEqual({ kind: 'refuses-login' });
    expect(by.judge(module('corp.test/x'), undefined)).toEqual({ kind: 'refuses-login' });
    expect(ask).not.toHaveBeenCalled();
    await by.judge(module('corp.test/x'), 'Bearer glpat-1');
    expect(ask).toHaveBeenCalledWith({ username: 'oauth2', password: 'glpat-1' });
  });

  it('is asked anew where the rules have changed', async () => {
    const { rights: by, judgeOf } = rights(host());
    await by.judge(module('corp.test/x'), basic('ann'));
    by.rulesChanged();
    await by.judge(module('corp.test/x'), basic('ann'));
    expect(judgeOf).toHaveBeenCalledTimes(2);
  });
});
