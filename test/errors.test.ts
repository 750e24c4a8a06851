import { describe, expect, it } from 'vitest';
import {
  asConfigError,
  asError,
  ERROR_MEANINGS,
  errorMessage,
  FACTS,
  isFinalAnswer,
  isModhavenError,
  isNotExist,
  messageAndReason,
  ModhavenError,
  withFurtherRemedy,
  type ErrorCode,
} from '../src/errors.js';

const CODES = Object.keys(ERROR_MEANINGS) as ErrorCode[];
const error = (code: ErrorCode) => new ModhavenError(code, 'what failed');

it('is made of anything thrown', () => {
  const thrown = new TypeError('no number');
  expect(asError(thrown)).toBe(thrown);
  expect(asError('text')).toEqual(new Error('text'));
});

describe('a ModhavenError', () => {
  it('says more to do behind what it said, and keeps its cause', () => {
    const bare = new ModhavenError('STORAGE', 'what', { reason: 'why' });
    expect(withFurtherRemedy(bare, 'more')).toMatchObject({
      ...{ code: 'STORAGE', message: 'what', reason: 'why', remedy: 'more', cause: bare },
    });
    const full = new ModhavenError('STORAGE', 'what', { remedy: 'do' });
    expect(withFurtherRemedy(full, 'more').remedy).toBe('do; more');
  });

  it('is one line with its reason, or without one', () => {
    expect(messageAndReason(error('STORAGE'))).toBe('what failed');
    expect(messageAndReason(new ModhavenError('STORAGE', 'what', { reason: 'why' }))).toBe('what: why');
  });

  it('says what failed, why and what to do, and who can do that', () => {
    const cause = new Error('the reason behind it');
    const found = new ModhavenError('CONFIG', 'what', {
      reason: 'why',
      remedy: 'do',
      remedyBy: 'admin',
      cause,
    });
    expect(found).toMatchObject({ code: 'CONFIG', message: 'what', reason: 'why', remedy: 'do', cause });
    expect(found.remedyBy).toBe('admin');
    expect(error('CONFIG')).toMatchObject({ reason: undefined, remedy: undefined, remedyBy: 'caller' });
  });

  it('is told from other errors, and by its codes', () => {
    expect(isModhavenError(error('STORAGE'))).toBe(true);
    expect(isModhavenError(error('STORAGE'), 'CONFIG', 'STORAGE')).toBe(true);
    expect(isModhavenError(error('STORAGE'), 'CONFIG')).toBe(false);
    expect(isModhavenError(Object.assign(new Error('x'), { code: 'STORAGE' }))).toBe(false);
  });

  it.each(CODES)('of %s is a fact only if the origin said so', (code) => {
    expect(isNotExist(error(code))).toBe(FACTS.includes(code));
    expect(isFinalAnswer(error(code))).toBe(FACTS.includes(code) || code === 'UPSTREAM_POLICY');
  });

  it('does not state a fact where nothing was answered', () => {
    const outages: ErrorCode[] = [
      'HOST_REFUSED',
      'HOST_UNREACHABLE',
      'HOST_TIMEOUT',
      'STORAGE',
      'OVERLOADED',
    ];
    expect(FACTS.filter((code) => outages.includes(code))).toEqual([]);
  });
});

describe('asConfigError', () => {
  it('passes on what the reader of a file says', () => {
    const found = error('CONFIG');
    expect(asConfigError(found, '/etc/x.yaml')).toBe(found);
  });

  it('makes a fault of the program one that names the file', () => {
    const fault = new TypeError('x is not a function');
    expect(asConfigError(fault, '/etc/x.yaml')).toMatchObject({
      code: 'CONFIG',
      reason: 'x is not a function',
      cause: fault,
      message: expect.stringContaining('/etc/x.yaml') as string,
    });
  });
});

it('errorMessage takes anything that can be thrown', () => {
  expect([new Error('a'), 'b', 3, undefined].map(errorMessage)).toEqual(['a', 'b', '3', 'undefined']);
});
