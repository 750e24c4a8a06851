import { describe, expect, it } from 'vitest';
import { isBasicAlone } from '../../../src/vcs/smart-http/login.js';

describe('isBasicAlone', () => {
  it.each([
    'Basic realm="x"',
    'basic',
    'Basic realm="a \\" Digest, b", charset="UTF-8"',
    'Bearer realm="https://h/token",service="h", Basic realm=x',
    ' Basic  realm = "x" , ',
  ])('%s: yes', (challenges) => {
    expect(isBasicAlone(challenges)).toBe(true);
  });

  it.each([
    '',
    'Negotiate',
    'Basic realm="x", Negotiate',
    'Digest realm="x", nonce="y", Basic realm="x"',
    'Basic realm="x, Digest realm=y',
    'Basic realm="x\\',
    'Bearer basic = x',
    'realm="Basic"',
  ])('%s: no', (challenges) => {
    expect(isBasicAlone(challenges)).toBe(false);
  });

  it('looks at each character once', () => {
    // A pattern that begins anew at every quote would look at 10^10 of them.
    expect(isBasicAlone(`Basic realm="${'\\"'.repeat(100_000)}`)).toBe(false);
    expect(isBasicAlone(`Basic realm=x${' '.repeat(100_000)}=`)).toBe(true);
  });
});
