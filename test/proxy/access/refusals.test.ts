import { describe, expect, it } from 'vitest';
import { ANYONE } from '../../../src/auth/principal.js';
import { forbidden, loginNeeded, tooManyGuesses } from '../../../src/proxy/access/refusals.js';

describe('refusals', () => {
  it.each(['none', 'wrong', 'ended'] as const)(
    '401 (%s) can be pasted into a netrc, and fits what go shows',
    (why) => {
      const { refusedWith, headers, body } = loginNeeded('https://proxy.corp.test:8443', why);
      expect(refusedWith).toBe(401);
      expect(headers['www-authenticate']).toBe('Basic realm="modhaven"');
      expect(body).toContain('\nmachine proxy.corp.test:8443 login NAME password TOKEN\n');
      expect(body).not.toContain('over https only');
      expect(body.split('\n').length).toBeLessThanOrEqual(9);
      expect(Buffer.byteLength(body)).toBeLessThan(600);
    },
  );

  it('says where go sends no logins at all', () => {
    expect(loginNeeded('http://proxy.corp.test', 'none').body).toContain('go sends logins over https only');
  });

  it('403 names the principal and what was asked for, and cannot be broken by a name', () => {
    const someone = { kind: 'oidc', name: 'job\r\nX: y', groups: new Set<string>() } as const;
    const { refusedWith, body } = forbidden('https://proxy.corp.test', someone, 'corp.test/x');
    expect(refusedWith).toBe(403);
    expect(body).toContain('may not read corp.test/x\n');
    expect(body.split('\n')).toHaveLength(3);
    expect(forbidden('https://proxy.corp.test', ANYONE, 'this').body).toMatch(
      /^forbidden: you may not read this\n/,
    );
  });

  it('429 says when to come again', () => {
    expect(tooManyGuesses(17)).toMatchObject({ refusedWith: 429, headers: { 'retry-after': '17' } });
  });
});
