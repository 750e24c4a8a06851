import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { parseAuthorization, secretOf } from '../../src/auth/login.js';

const basic = (text: string): string => `Basic ${Buffer.from(text).toString('base64')}`;

describe('parseAuthorization', () => {
  it('reads Basic and Bearer, whatever the case of the scheme', () => {
    expect(parseAuthorization(basic('ann:pa:ss'))).toEqual({ kind: 'basic', user: 'ann', password: 'pa:ss' });
    expect(parseAuthorization('bEaReR abc.def')).toEqual({ kind: 'bearer', token: 'abc.def' });
    expect(parseAuthorization(basic(':secret'))).toEqual({ kind: 'basic', user: '', password: 'secret' });
    expect(parseAuthorization(undefined)).toBeUndefined();
  });

  it.each([
    '',
    'Basic',
    'Basic !!!',
    basic('no colon'),
    'Digest username="ann"',
    'Bearer',
    'Bearer a b',
    `Basic ${Buffer.from([0xff, 0x3a, 0xfe]).toString('base64')}`,
    `Bearer ${'a'.repeat(20_000)}`,
  ])('takes %j for no login', (header) => {
    expect(parseAuthorization(header)).toBe('malformed');
  });

  it('reads back what a client wrote', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'grapheme' }), (user, password) => {
        fc.pre(!user.includes(':'));
        const login = parseAuthorization(basic(`${user}:${password}`));
        expect(login).toEqual({ kind: 'basic', user, password });
        expect(login !== undefined && login !== 'malformed' && secretOf(login)).toBe(password);
      }),
    );
  });
});
