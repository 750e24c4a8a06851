import { describe, expect, it } from 'vitest';
import { ANYONE, isAuthenticated, type Principal } from '../../src/auth/principal.js';

describe('isAuthenticated', () => {
  it.each(['user', 'token', 'oidc'] as const)('holds for a %s, also one without a name or groups', (kind) => {
    expect(isAuthenticated({ kind, name: '', groups: new Set() })).toBe(true);
  });

  it('does not hold for anyone, whatever name or groups the value carries', () => {
    const disguised: Principal = { kind: 'anyone', name: 'admin', groups: new Set(['admins']) };
    expect(isAuthenticated(ANYONE)).toBe(false);
    expect(isAuthenticated(disguised)).toBe(false);
  });
});

it('a request without a login has no name and is in no group', () => {
  expect(ANYONE).toEqual({ kind: 'anyone', name: '', groups: new Set() });
});
