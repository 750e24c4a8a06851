import type { IncomingMessage } from 'node:http';
import { expect, it } from 'vitest';
import type { Identity } from '../../../src/auth/authenticator.js';
import { createAdminCheck } from '../../../src/proxy/access/admin-check.js';
import { createTrust } from '../../../src/proxy/http/client-address.js';

const request = { headers: {}, socket: { remoteAddress: '192.0.2.7' } } as unknown as IncomingMessage;
const addresses = { trusts: createTrust(() => []), isAdmin: createTrust(() => ['127.0.0.1']) };
const settings = { public: 'anyone', pages: 'anyone', gitHost: false, rules: [] } as const;

function check(identity: Identity | undefined): Promise<boolean> {
  const authenticator = { identify: () => Promise.resolve(identity) };
  return createAdminCheck({
    ...addresses,
    access: () => (identity === undefined ? undefined : ({ settings, authenticator } as never)),
  })(request);
}
const login = (...groups: string[]): Identity => ({
  kind: 'known',
  principal: { kind: 'user', name: 'ann', groups: new Set(groups) },
});

it('is the decision about what is for admins', async () => {
  expect(await check(undefined)).toBe(false);
  expect(await check(login('core'))).toBe(false);
  expect(await check(login('core', 'admin'))).toBe(true);
  expect(await check({ kind: 'unknown' })).toBe(false);
});
