import { describe, expect, it } from 'vitest';
import {
  asConfigError,
  ERROR_MEANINGS,
  errorMessage,
  FACTS,
  isFinalAnswer,
  isModhavenError,
  isNotExist,
  ModhavenError,
  type ErrorCode,
} from '../src/errors.js';

const CODES = Object.keys(ERROR_MEANINGS) as ErrorCode[];
const error = (code: ErrorCode) => new ModhavenError(code, 'what failed');

describe('a ModhavenError', () => {
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
