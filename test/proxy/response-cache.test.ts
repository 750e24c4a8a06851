import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createResponseCache } from '../../src/proxy/response-cache.js';
import { SHORT, prepareText } from '../../src/proxy/responses.js';

/** So that the tests can set the clock. */
vi.mock('../../src/concurrency/monotonic-clock.js', () => ({ monotonicNow: () => Date.now() }));

const KIB = 1024;
const text = (size: number) => prepareText(Buffer.alloc(size, 'x'), 'text/plain', SHORT);
const remembered = (size = 10) => ({ response: text(size), outcome: {} });

describe('createAnswerMemory', () => {
  const now = Date.parse('2026-01-02T03:04:05Z');
  let maxBytes: number;
  let refreshMs: number;
  const create = () => createResponseCache({ maxBytes: () => maxBytes, refreshMs: () => refreshMs });

  beforeEach(() => {
    vi.useFakeTimers({ now, toFake: ['Date'] });
    maxBytes = 1024 * KIB;
    refreshMs = 30_000;
  });
  afterEach(() => vi.useRealTimers());

  it('stays below its limit, whatever is kept, and forgets first what was not asked for', () => {
    const memory = create();
    memory.keep('/asked', remembered(10 * KIB));
    for (let i = 0; i < 1000; i++) {
      memory.keep(`/${i}`, remembered(10 * KIB));
      memory.get('/asked');
      expect(memory.bytes()).toBeLessThanOrEqual(maxBytes);
    }
    expect(memory.bytes()).toBeGreaterThan(maxBytes / 2);
    expect(memory.get('/0')).toBeUndefined();
    expect(memory.get('/999')).toBeDefined();
    expect(memory.get('/asked')).toBeDefined();
  });

  it('counts small answers with what they cost besides their bytes', () => {
    const memory = create();
    for (let i = 0; i < 10_000; i++) memory.keep(`/${i}`, remembered(1));
    expect(memory.get('/0')).toBeUndefined();
  });

  it('keeps nothing that would push out everything else', () => {
    const memory = create();
    memory.keep('/large', remembered(memory.largest() + 1));
    memory.keep('/fits', remembered(memory.largest()));
    expect(memory.get('/large')).toBeUndefined();
    expect(memory.get('/fits')).toBeDefined();
    maxBytes = 2 ** 40;
    expect(memory.largest()).toBeLessThanOrEqual(8 * KIB * KIB);
  });

  it('takes a new limit at once, also none', () => {
    const memory = create();
    memory.keep('/a', remembered());
    maxBytes = 0;
    memory.keep('/b', remembered());
    expect([memory.get('/a'), memory.get('/b'), memory.bytes()]).toEqual([undefined, undefined, 0]);
    maxBytes = 64 * KIB;
    memory.keep('/c', remembered());
    expect(memory.get('/c')).toBeDefined();
  });

  describe('what may change', () => {
    it('holds until it is older than refresh, counted from when it was known', () => {
      const memory = create();
      memory.keep('/list', remembered(), { asOf: now - 10_000, since: memory.moment() });
      vi.setSystemTime(now + 19_999);
      expect(memory.get('/list')).toBeDefined();
      vi.setSystemTime(now + 20_000);
      expect(memory.get('/list')).toBeUndefined();
      expect(memory.bytes()).toBe(0);
    });

    it('is not kept where refresh is 0', () => {
      refreshMs = 0;
      const memory = create();
      memory.keep('/list', remembered(), { asOf: now, since: memory.moment() });
      expect(memory.get('/list')).toBeUndefined();
    });

    it('does not live longer when the clock is set back', () => {
      const memory = create();
      memory.keep('/list', remembered(), { asOf: now, since: memory.moment() });
      vi.setSystemTime(now - 3_600_000);
      expect(memory.get('/list')).toBeUndefined();
    });

    it('is not given to who wants only what never changes', () => {
      const memory = create();
      memory.keep('/list', remembered(), { asOf: now, since: memory.moment() });
      memory.keep('/info', remembered());
      expect(memory.get('/list', true)).toBeUndefined();
      expect(memory.get('/info', true)).toBeDefined();
      expect(memory.get('/list')).toBeDefined();
    });

    it('is forgotten, also what is being made; what never changes stays', () => {
      const memory = create();
      memory.keep('/info', remembered());
      memory.keep('/list', remembered(), { asOf: now, since: memory.moment() });
      const since = memory.moment();
      memory.forgetChanging();
      memory.keep('/begun', remembered(), { asOf: now, since });
      memory.keep('/new', remembered(), { asOf: now, since: memory.moment() });
      expect(memory.get('/list')).toBeUndefined();
      expect(memory.get('/begun')).toBeUndefined();
      expect(memory.get('/new')).toBeDefined();
      expect(memory.get('/info')).toBeDefined();
    });

    it('is not kept from before a push, however late it comes', () => {
      const memory = create();
      memory.forgetChanging(now);
      memory.keep('/before', remembered(), { asOf: now - 1, since: memory.moment() });
      memory.keep('/after', remembered(), { asOf: now, since: memory.moment() });
      expect(memory.get('/before')).toBeUndefined();
      expect(memory.get('/after')).toBeDefined();
    });
  });
});
