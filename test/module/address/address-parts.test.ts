import { describe, expect, it } from 'vitest';
import {
  decode,
  encodeUser,
  quote,
  readHost,
  readLogin,
  readPath,
  readPort,
  redact,
  withoutSpaces,
} from '../../../src/module/address/address-parts.js';

const TEXT = 'https://ann:s3cret@h/x.git';

describe('the parts of an address', () => {
  it('are read', () => {
    expect(readLogin(TEXT, 'ann:p%40ss')).toEqual({ user: 'ann', password: 'p@ss' });
    expect(readLogin(TEXT, undefined)).toBeUndefined();
    expect([readHost(TEXT, 'GIT.Corp'), readHost(TEXT, '[::1]')]).toEqual(['git.corp', '[::1]']);
    expect([readPort(TEXT, '8080'), readPort(TEXT, '')]).toEqual([8080, undefined]);
    expect([readPath(TEXT, '/a/b.git//'), decode(TEXT, 'a%20b')]).toEqual(['/a/b.git', 'a b']);
    expect(encodeUser('ann+ci@corp')).toBe('ann+ci%40corp');
  });

  it.each([
    ['a user that ssh takes for an option', () => readLogin(TEXT, '-oProxyCommand=x')],
    ['a host that ssh takes for an option', () => readHost(TEXT, '-oProxyCommand=x')],
    ['no host', () => readHost(TEXT, '')],
    ['a host with a line break', () => readHost(TEXT, 'h\nx')],
    ['an address without brackets', () => readHost(TEXT, '::1')],
    ['a port beyond 65535', () => readPort(TEXT, '65536')],
    ['no path', () => readPath(TEXT, '/')],
    ['an encoded control character', () => decode(TEXT, 'a%0ab')],
    ['a percent sign without digits', () => decode(TEXT, 'a%zz')],
  ])('are refused without the password: %s', (_, read) => {
    expect(read).toThrow(expect.objectContaining({ code: 'CONFIG' }) as Error);
    expect(read).not.toThrow(/s3cret/);
  });

  it('are shown without a password, and quoted', () => {
    expect(redact(TEXT)).toBe('https://***@h/x.git');
    expect(quote('a\tb')).toBe('"a\\tb"');
    expect(withoutSpaces('git@h:a b.git')).toBe('write "ssh://git@h/a%20b.git"');
  });
});
