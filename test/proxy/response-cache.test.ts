import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ResponseCache } from '../../src/proxy/response-cache.js';
import { SHORT, prepareText } from '../../src/proxy/http/responses.js';

/** So that the tests can set the clock. */
vi.mock('../../src/concurrency/monotonic-clock.js', () => ({ monotonicNow: () => Date.now() }));

const KIB = 1024;
const text = (size: number) => prepareText(Buffer.alloc(size, 'x'), 'text/plain', SHORT);
const remembered = (size = 10) => ({ response: text(size), outcome: {} });

describe('ResponseCache', () => {
  const now = Date.parse('2026-01-02T03:04:05Z');
  let maxBytes: number;
  let refreshMs: number;
  const create = () => new ResponseCache({ maxBytes: () => maxBytes, refreshMs: () => refreshMs });

  beforeEach(() => {
    vi.useFakeTimers({ now, toFake: ['Date'] });
    maxBytes = 1024 * KIB;
    refreshMs = 30_000;
  });
  afterEach(() => vi.useRealTimers());

  it('stays below its limit, whatever is kept, and forgets first what was not asked for', () => {
    const cache = create();
    cache.keep('/asked', remembered(10 * KIB));
    for (let i = 0; i < 1000; i++) {
      cache.keep(`/${i}`, remembered(10 * KIB));
      cache.get('/asked');
      expect(cache.bytes()).toBeLessThanOrEqual(maxBytes);
    }
    expect(cache.bytes()).toBeGreaterThan(maxBytes / 2);
    expect(cache.get('/0')).toBeUndefined();
    expect(cache.get('/999')).toBeDefined();
    expect(cache.get('/asked')).toBeDefined();
  });

  it('counts small answers with what they cost besides their bytes', () => {
    const cache = create();
    for (let i = 0; i < 10_000; i++) cache.keep(`/${i}`, remembered(1));
    expect(cache.get('/0')).toBeUndefined();
  });

  it('keeps nothing that would push out everything else', () => {
    const cache = create();
    cache.keep('/large', remembered(cache.largest() + 1));
    cache.keep('/fits', remembered(cache.largest()));
    expect(cache.get('/large')).toBeUndefined();
    expect(cache.get('/fits')).toBeDefined();
    maxBytes = 2 ** 40;
    expect(cache.largest()).toBeLessThanOrEqual(8 * KIB * KIB);
  });

  it('takes a new limit at once, also none', () => {
    const cache = create();
    cache.keep('/a', remembered());
    maxBytes = 0;
    cache.keep('/b', remembered());
    expect([cache.get('/a'), cache.get('/b'), cache.bytes()]).toEqual([undefined, undefined, 0]);
    maxBytes = 64 * KIB;
    cache.keep('/c', remembered());
    expect(cache.get('/c')).toBeDefined();
  });

  describe('what may change', () => {
    it('holds until it is older than refresh, counted from when it was known', () => {
      const cache = create();
      cache.keep('/list', remembered(), { asOf: now - 10_000, since: cache.moment() });
      vi.setSystemTime(now + 19_999);
      expect(cache.get('/list')).toBeDefined();
      vi.setSystemTime(now + 20_000);
      expect(cache.get('/list')).toBeUndefined();
      expect(cache.bytes()).toBe(0);
    });

    it('is not kept where refresh is 0', () => {
      refreshMs = 0;
      const cache = create();
      cache.keep('/list', remembered(), { asOf: now, since: cache.moment() });
      expect(cache.get('/list')).toBeUndefined();
    });

    it('does not live longer when the clock is set back', () => {
      const cache = create();
      cache.keep('/list', remembered(), { asOf: now, since: cache.moment() });
      vi.setSystemTime(now - 3_600_000);
      expect(cache.get('/list')).toBeUndefined();
    });

    it('is not given to a request that wants only what never changes', () => {
      const cache = create();
      cache.keep('/list', remembered(), { asOf: now, since: cache.moment() });
      cache.keep('/info', remembered());
      expect(cache.get('/list', true)).toBeUndefined();
      expect(cache.get('/info', true)).toBeDefined();
      expect(cache.get('/list')).toBeDefined();
    });

    it('is forgotten, also what is being made; what never changes stays', () => {
      const cache = create();
      cache.keep('/info', remembered());
      cache.keep('/list', remembered(), { asOf: now, since: cache.moment() });
      const since = cache.moment();
      cache.forgetChanging();
      cache.keep('/begun', remembered(), { asOf: now, since });
      cache.keep('/new', remembered(), { asOf: now, since: cache.moment() });
      expect(cache.get('/list')).toBeUndefined();
      expect(cache.get('/begun')).toBeUndefined();
      expect(cache.get('/new')).toBeDefined();
      expect(cache.get('/info')).toBeDefined();
    });

    it('is not kept from before a push, however late it comes', () => {
      const cache = create();
      cache.forgetChanging(now);
      cache.keep('/before', remembered(), { asOf: now - 1, since: cache.moment() });
      cache.keep('/after', remembered(), { asOf: now, since: cache.moment() });
      expect(cache.get('/before')).toBeUndefined();
      expect(cache.get('/after')).toBeDefined();
    });
  });
});
