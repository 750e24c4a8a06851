import { describe, expect, it } from 'vitest';
import {
  NO_TOKENS,
  addToken,
  findToken,
  formatTokens,
  generateToken,
  hashToken,
  indexTokens,
  isTokenName,
  looksLikeToken,
  parseTokens,
  revokeToken,
} from '../../src/auth/tokens.js';

const T0 = Date.parse('2027-03-01T00:00:00Z');

function entry(name: string, token: string, groups: string[] = []) {
  return { name, hash: hashToken(token), groups, created: new Date(T0), expires: new Date(T0 + 60_000) };
}

describe('tokens', () => {
  it('have 256 bits, are told by their form, and are never written down', () => {
    const token = generateToken();
    expect(looksLikeToken(token)).toBe(true);
    expect(Buffer.from(token.slice(4), 'base64url')).toHaveLength(32);
    expect(generateToken()).not.toBe(token);
    expect(looksLikeToken('hunter2')).toBe(false);
    const text = formatTokens(addToken(NO_TOKENS, entry('ci', token, ['core'])) ?? NO_TOKENS);
    expect(text).not.toContain(token);
    expect(parseTokens(text, 'tokens.yaml').tokens).toEqual([entry('ci', token, ['core'])]);
  });

  it('are worth nothing once expired or revoked, and are then no guess', () => {
    const [a, b] = [generateToken(), generateToken()];
    const two = addToken(addToken(NO_TOKENS, entry('a', a)) ?? NO_TOKENS, entry('b', b)) ?? NO_TOKENS;
    expect(addToken(two, entry('a', generateToken()))).toBeUndefined();
    expect(findToken(indexTokens(two), a, T0)).toMatchObject({ name: 'a' });
    expect(findToken(indexTokens(two), a, T0 + 60_000)).toBe('ended');
    expect(findToken(indexTokens(two), generateToken(), T0)).toBeUndefined();
    const one = revokeToken(two, 'a', new Date(T0)) ?? NO_TOKENS;
    const index = indexTokens(parseTokens(formatTokens(one), 'tokens.yaml'));
    expect(findToken(index, a, T0)).toBe('ended');
    expect(findToken(index, b, T0)).toMatchObject({ name: 'b' });
    expect(revokeToken(one, 'a', new Date(T0))).toBeUndefined();
    expect(addToken(one, entry('a', generateToken()))).toBeDefined();
  });

  it('are read with places for what is wrong, and from an empty file', () => {
    expect(parseTokens('', 'tokens.yaml')).toEqual(NO_TOKENS);
    expect(() => parseTokens('tokens:\n  - name: ci\n    hash: abc\n', 'tokens.yaml')).toThrow(
      /tokens\.yaml:3:\d+: .*sha256/,
    );
  });

  it.each(['', ' a', '-x', 'a:b', 'a\nb', 'x'.repeat(101)])('refuses the name %j', (name) => {
    expect(isTokenName(name)).toBe(false);
  });
});
