import { beforeEach, describe, expect, it } from 'vitest';
import { monotonicNow } from '../../src/concurrency/monotonic-clock.js';
import { ModhavenError } from '../../src/errors.js';
import { LastAnswers } from '../../src/modfetch/last-answers.js';
import { createStaleCache, type DatedAnswer } from '../../src/modfetch/stale-cache.js';
import { createMemoryBlobStore } from '../support/stores/memory-blob-store.js';

const LIST = 'ex.test/m/@v/list';
const ask = (text: string) => () => Promise.resolve({ bytes: Buffer.from(text), asOf: monotonicNow() });
const fail = (code: 'HOST_TIMEOUT' | 'MODULE_NOT_FOUND' | 'UPSTREAM_POLICY') => (): Promise<DatedAnswer> =>
  Promise.reject(new ModhavenError(code, 'no'));

let warned: object[];
let freshForMs: number;
let staleAfterMs: number;
let answers: LastAnswers;
beforeEach(() => {
  warned = [];
  [freshForMs, staleAfterMs] = [0, 60_000];
  const log = { warn: (details: object) => void warned.push(details) };
  answers = new LastAnswers({
    staleCache: createStaleCache({ blobs: createMemoryBlobStore(), log }),
    freshForMs: () => freshForMs,
    staleAfterMs: () => staleAfterMs,
    log: log as never,
  });
});

const textOf = async (from: () => Promise<DatedAnswer>) => {
  const { value, fromCache, stale } = await answers.get(LIST, from);
  return [value.toString(), fromCache ? 'known' : 'new', stale === true ? 'stale' : 'fresh'];
};

describe('an answer that may change', () => {
  it('is given again while it is fresh, without a question', async () => {
    freshForMs = 60_000;
    expect(await textOf(ask('a'))).toEqual(['a', 'new', 'fresh']);
    expect(await textOf(fail('HOST_TIMEOUT'))).toEqual(['a', 'known', 'fresh']);
  });

  it('is asked for again afterwards', async () => {
    await textOf(ask('a'));
    expect(await textOf(ask('b'))).toEqual(['b', 'new', 'fresh']);
  });

  it('is asked for once, however many wait', async () => {
    let asked = 0;
    const slowly = async () => {
      asked += 1;
      await new Promise((resolve) => setImmediate(resolve));
      return ask('a')();
    };
    await Promise.all([1, 2, 3].map(() => textOf(slowly)));
    expect(asked).toBe(1);
  });

  it('is asked for anew by callers after a change', async () => {
    let finish: (answer: DatedAnswer) => void = () => undefined;
    const before = textOf(() => new Promise((resolve) => (finish = resolve)));
    await new Promise((resolve) => setImmediate(resolve));
    answers.changed();
    expect(await textOf(ask('after'))).toEqual(['after', 'new', 'fresh']);
    finish(await ask('before')());
    expect((await before)[0]).toBe('before');
  });
});

describe('an origin that fails', () => {
  it('is served by the last answer, marked as stale and told in the log', async () => {
    await textOf(ask('a'));
    expect(await textOf(fail('HOST_TIMEOUT'))).toEqual(['a', 'known', 'stale']);
    expect(warned).toMatchObject([{ path: LIST, failure: 'no' }]);
  });

  it('is an outage for what was never known', async () => {
    await expect(textOf(fail('HOST_TIMEOUT'))).rejects.toMatchObject({ code: 'HOST_TIMEOUT' });
  });

  it.each(['MODULE_NOT_FOUND', 'UPSTREAM_POLICY'] as const)('is believed when it says %s', async (code) => {
    await textOf(ask('a'));
    await expect(textOf(fail(code))).rejects.toMatchObject({ code });
    expect(await answers.known(LIST)).toEqual(
      code === 'MODULE_NOT_FOUND' ? undefined : expect.objectContaining({ bytes: Buffer.from('a') }),
    );
  });

  it('is not waited for where it hangs, and what it says later counts', async () => {
    await textOf(ask('a'));
    staleAfterMs = 1;
    let finish: (answer: DatedAnswer) => void = () => undefined;
    expect(await textOf(() => new Promise((resolve) => (finish = resolve)))).toEqual(['a', 'known', 'stale']);
    finish(await ask('b')());
    await expect.poll(async () => (await answers.known(LIST))?.bytes.toString()).toBe('b');
  });
});
