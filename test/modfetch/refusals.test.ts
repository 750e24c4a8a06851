import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ModhavenError, type ErrorCode } from '../../src/errors.js';
import { Refusals, UNKNOWN_MS } from '../../src/modfetch/refusals.js';

let now = 0;
beforeEach(() => {
  now = 1_000;
  vi.spyOn(performance, 'now').mockImplementation(() => now);
});
afterEach(() => vi.restoreAllMocks());

/** Lets `ms` pass for the cache, which looks at its clock once a millisecond of real time. */
async function pass(ms: number): Promise<void> {
  now += ms;
  await wait(5);
}

/** A home that says each of `answers` once: an error, or a value. */
function home(...answers: unknown[]) {
  const asked = { times: 0 };
  return {
    asked,
    ask: () => {
      const answer = answers[asked.times];
      asked.times += 1;
      return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
    },
  };
}
const error = (code: ErrorCode) => new ModhavenError(code, code);

describe('Refusals.remember', () => {
  it.each<ErrorCode>([
    'VERSION_NOT_FOUND',
    'MODULE_NOT_FOUND',
    'REPO_NOT_FOUND',
    'MODULE_INVALID',
    'VERSION_GONE',
  ])('asks once about %s, and again after some seconds', async (code) => {
    const refusals = new Refusals();
    const { ask, asked } = home(error(code), 'found');
    await expect(refusals.remember('q', ask)).rejects.toMatchObject({ code });
    await pass(UNKNOWN_MS - 1_000);
    await expect(refusals.remember('q', ask)).rejects.toMatchObject({ code });
    expect(asked.times).toBe(1);
    await pass(2_000);
    await vi.waitFor(async () => expect(await refusals.remember('q', ask)).toBe('found'));
    expect(asked.times).toBe(2);
  });

  it.each<ErrorCode>(['HOST_UNREACHABLE', 'HOST_TIMEOUT', 'HOST_REFUSED', 'STORAGE', 'NOT_CACHED'])(
    'remembers no %s, which is not a fact',
    async (code) => {
      const refusals = new Refusals();
      const { ask } = home(error(code), 'found');
      await expect(refusals.remember('q', ask)).rejects.toMatchObject({ code });
      expect(await refusals.remember('q', ask)).toBe('found');
    },
  );

  it('tells questions apart, and keeps no answers', async () => {
    const refusals = new Refusals();
    const { ask } = home(error('VERSION_NOT_FOUND'), 'first', 'second');
    await expect(refusals.remember('a', ask)).rejects.toThrow();
    expect(await refusals.remember('b', ask)).toBe('first');
    expect(await refusals.remember('b', ask)).toBe('second');
  });

  it('asks again at once when something has changed', async () => {
    const refusals = new Refusals();
    const { ask } = home(error('VERSION_NOT_FOUND'), 'found');
    await expect(refusals.remember('q', ask)).rejects.toThrow();
    refusals.changed();
    expect(await refusals.remember('q', ask)).toBe('found');
  });

  it('does not remember what was asked before a change and answered after it', async () => {
    const refusals = new Refusals();
    let reject: (error: Error) => void = () => undefined;
    const promise = new Promise<never>((_, fail) => (reject = fail));
    const before = refusals.remember('q', () => promise);
    refusals.changed();
    reject(error('VERSION_NOT_FOUND'));
    await expect(before).rejects.toThrow();
    expect(await refusals.remember('q', () => Promise.resolve('found'))).toBe('found');
  });
});

describe('Refusals.rememberInvalid', () => {
  it('remembers content that go refuses, for longer, and over a push', async () => {
    const refusals = new Refusals();
    const { ask, asked } = home(error('MODULE_INVALID'), 'valid');
    await expect(refusals.rememberInvalid('q', ask)).rejects.toThrow();
    refusals.changed();
    await pass(9 * 60_000);
    await expect(refusals.rememberInvalid('q', ask)).rejects.toMatchObject({ code: 'MODULE_INVALID' });
    expect(asked.times).toBe(1);
    await pass(2 * 60_000);
    expect(await refusals.rememberInvalid('q', ask)).toBe('valid');
  });

  it('forgets it where the rules change', async () => {
    const refusals = new Refusals();
    const { ask } = home(error('MODULE_INVALID'), 'valid');
    await expect(refusals.rememberInvalid('q', ask)).rejects.toThrow();
    refusals.forget();
    expect(await refusals.rememberInvalid('q', ask)).toBe('valid');
  });

  it('remembers nothing else', async () => {
    const refusals = new Refusals();
    const { ask } = home(error('VERSION_NOT_FOUND'), error('HOST_TIMEOUT'), 'valid');
    await expect(refusals.rememberInvalid('q', ask)).rejects.toThrow();
    await expect(refusals.rememberInvalid('q', ask)).rejects.toMatchObject({ code: 'HOST_TIMEOUT' });
    expect(await refusals.rememberInvalid('q', ask)).toBe('valid');
  });
});
