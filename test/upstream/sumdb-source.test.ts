import { beforeEach, describe, expect, it } from 'vitest';
import { ModhavenError } from '../../src/errors.js';
import type { UpstreamProxy } from '../../src/module/address/goproxy-list.js';
import type { GoproxyClient } from '../../src/upstream/goproxy-client.js';
import { createSumdbSource } from '../../src/upstream/sumdb-source.js';

const NAME = 'sum.ex.test';
const none = new ModhavenError('MODULE_NOT_FOUND', 'not found: the upstream proxy does not have it');
const down = new ModhavenError('HOST_UNREACHABLE', 'cannot reach the upstream proxy for x', {
  reason: 'why',
  remedy: 'do',
});

/** What each URL answers; anything else is not found. */
let answers: Record<string, string | Error>;
let asked: string[];
let list: UpstreamProxy[];
beforeEach(() => {
  [answers, asked, list] = [{}, [], []];
});

const proxy = (host: string, fallbackOn: UpstreamProxy['fallbackOn'] = 'not-found'): UpstreamProxy => ({
  url: `https://${host}`,
  credentials: undefined,
  fallbackOn,
});

function source() {
  const client = {
    readFrom: (from: UpstreamProxy, path: string, consume: (answer: unknown) => Promise<unknown>) => {
      asked.push(from.url + path);
      const answer = answers[from.url + path] ?? none;
      if (answer instanceof Error) return Promise.reject(answer);
      const bytes = Buffer.from(answer);
      return consume({ body: [bytes], length: bytes.length });
    },
  } as unknown as GoproxyClient;
  return createSumdbSource({ client, proxies: () => list });
}
const supported = (host: string) => `https://${host}/sumdb/${NAME}/supported`;

describe('createSumdbSource', () => {
  it('reads through the first proxy that passes a database through, which it finds out once', async () => {
    list = [proxy('a'), proxy('b'), proxy('c')];
    answers = { [supported('b')]: '', [supported('c')]: '', [`https://b/sumdb/${NAME}/latest`]: 'tree' };
    const from = source();
    expect((await from.read(NAME, 'latest')).toString()).toBe('tree');
    expect((await from.read(NAME, 'latest')).toString()).toBe('tree');
    const latest = `https://b/sumdb/${NAME}/latest`;
    expect(asked).toEqual([supported('a'), supported('b'), latest, latest]);
  });

  it('takes what that one does not find for not there', async () => {
    list = [proxy('a')];
    answers = { [supported('a')]: '', [`https://${NAME}/lookup/x@v1.0.0`]: 'record' };
    const from = source();
    await expect(from.read(NAME, 'lookup/x@v1.0.0')).rejects.toBe(none);
    await expect(from.read(NAME, 'lookup/x@v1.0.0')).rejects.toBe(none);
    expect(asked.filter((url) => url === supported('a'))).toHaveLength(1);
  });

  it('reads at the address of the database itself where no proxy passes it through', async () => {
    list = [proxy('a')];
    answers = { [`https://${NAME}/latest`]: 'tree' };
    expect((await source().read(NAME, 'latest')).toString()).toBe('tree');
  });

  it('does not ask the database itself while a proxy cannot say', async () => {
    list = [proxy('a')];
    answers = { [supported('a')]: down, [`https://${NAME}/latest`]: 'tree' };
    await expect(source().read(NAME, 'latest')).rejects.toBe(down);
    list = [proxy('a', 'any-error'), proxy('b')];
    await expect(source().read(NAME, 'latest')).rejects.toBe(down);
  });

  it('goes on to the next after a pipe', async () => {
    list = [proxy('a', 'any-error'), proxy('b')];
    answers = { [supported('a')]: down, [supported('b')]: '', [`https://b/sumdb/${NAME}/latest`]: 'tree' };
    expect((await source().read(NAME, 'latest')).toString()).toBe('tree');
  });

  it('chooses anew after an outage, and from another list', async () => {
    list = [proxy('a')];
    answers = { [supported('a')]: '', [`https://a/sumdb/${NAME}/latest`]: down };
    const from = source();
    await expect(from.read(NAME, 'latest')).rejects.toBe(down);
    answers[`https://a/sumdb/${NAME}/latest`] = 'tree';
    await from.read(NAME, 'latest');
    expect(asked.filter((url) => url === supported('a'))).toHaveLength(2);
    list = [proxy('b')];
    answers[`https://${NAME}/latest`] = 'own';
    expect((await from.read(NAME, 'latest')).toString()).toBe('own');
  });

  it('speaks of the database where it was asked itself', async () => {
    answers = { [`https://${NAME}/latest`]: down };
    await expect(source().read(NAME, 'latest')).rejects.toMatchObject({
      code: 'HOST_UNREACHABLE',
      message: `cannot reach the checksum database ${NAME} for x`,
      reason: 'why',
      remedy: 'do',
    });
  });
});
