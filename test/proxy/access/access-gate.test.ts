import type { IncomingMessage } from 'node:http';
import { describe, expect, it } from 'vitest';
import { Authenticator } from '../../../src/auth/authenticator.js';
import { GuessLimit } from '../../../src/auth/guess-limit.js';
import { createAccessGate, type AccessGateOptions } from '../../../src/proxy/access/access-gate.js';
import { createTrust } from '../../../src/proxy/http/client-address.js';
import { rule } from '../../auth/rule.js';

const log = { error: () => undefined, info: () => undefined };
const authenticator = new Authenticator({
  htpasswdFile: undefined,
  groupsFile: undefined,
  tokensFile: undefined,
  issuers: [],
  log,
});
const settings = {
  public: 'anyone',
  pages: 'anyone',
  gitHost: false,
  rules: [rule('corp.test/*', 'authenticated')],
} as const;

function gate(options: Partial<AccessGateOptions> = {}) {
  return createAccessGate({
    access: () => ({ settings, authenticator }),
    resources: { privacy: (path) => (path.startsWith('corp.test') ? 'private' : 'public') },
    trusts: createTrust(() => ['10.0.0.1']),
    isAdmin: createTrust(() => ['127.0.0.1']),
    publicUrl: () => 'https://proxy.corp.test',
    guesses: new GuessLimit(),
    ...options,
  });
}

function request(url: string, headers: Record<string, string> = {}, remoteAddress?: string): IncomingMessage {
  return {
    url,
    headers,
    socket: { remoteAddress: remoteAddress ?? '192.0.2.7' },
  } as unknown as IncomingMessage;
}

const zip = '/corp.test/x/@v/v1.0.0.zip';
const forbidden = { refusedWith: 403 };
const wantsLogin = { refusedWith: 401 };
const open = { principal: { name: 'anyone' }, audience: undefined };

describe('the gate', () => {
  it('keeps private modules from anyone, and gives public ones to everyone', () => {
    expect(gate()(request(zip))).toMatchObject(wantsLogin);
    expect(gate()(request('/pub.test/x/@v/list'))).toEqual(open);
    expect(gate({ access: () => undefined })(request(zip))).toEqual(open);
  });

  it('decides nothing while the rules cannot be read', () => {
    for (const url of [zip, '/pub.test/x/@v/list', '/-/status', '/-/healthz']) {
      expect(gate({ access: () => 'unknown' })(request(url))).toMatchObject({ deferred: true });
    }
  });

  it.each<{
    name: string;
    headers: Record<string, string>;
    from: string;
    trusted?: string;
    expected: object;
  }>([
    { name: 'an admin', headers: {}, from: '127.0.0.1', expected: { audience: 'restricted' } },
    { name: 'a stranger', headers: {}, from: '192.0.2.7', expected: forbidden },
    {
      name: 'a stranger through an unknown proxy here',
      headers: { 'x-forwarded-for': '127.0.0.1' },
      from: '127.0.0.1',
      expected: forbidden,
    },
    {
      name: 'the same by the other header',
      headers: { forwarded: 'for=127.0.0.1' },
      from: '127.0.0.1',
      expected: forbidden,
    },
    {
      name: 'a stranger whom a trusted proxy names in a header that is not read',
      headers: { forwarded: 'for=192.0.2.9' },
      from: '127.0.0.1',
      trusted: '127.0.0.1',
      expected: forbidden,
    },
    {
      name: 'a stranger behind a proxy here that tells its address alone',
      headers: { 'x-real-ip': '192.0.2.9' },
      from: '127.0.0.1',
      expected: forbidden,
    },
    {
      name: 'an admin through a trusted proxy',
      headers: { 'x-forwarded-for': '127.0.0.1' },
      from: '10.0.0.1',
      expected: { audience: 'restricted' },
    },
    {
      name: 'a stranger through a trusted proxy',
      headers: { 'x-forwarded-for': '192.0.2.9' },
      from: '10.0.0.1',
      expected: forbidden,
    },
  ])('shows status, without auth, to $name as it should', ({ headers, from, expected, trusted }) => {
    const trusts = createTrust(() => [trusted ?? '10.0.0.1']);
    const asked = request('/-/status', headers, from);
    expect(gate({ access: () => undefined, trusts })(asked)).toMatchObject(expected);
  });

  it('decides for a web server in front about what that was asked for, if it is trusted and says it', () => {
    const named = { 'x-original-uri': zip };
    const free = { 'x-original-uri': '/pub.test/x/@v/list' };
    expect(gate()(request('/-/auth', named, '10.0.0.1'))).toMatchObject(wantsLogin);
    expect(gate()(request('/-/auth', free, '10.0.0.1'))).toEqual(open);
    expect(gate()(request('/-/auth?x', free, '192.0.2.7'))).toMatchObject(wantsLogin);
    expect(gate()(request('/-/auth', {}, '10.0.0.1'))).toMatchObject(wantsLogin);
    // What the server in front could read in another way is refused to everybody, admins included, with and without `auth:`.
    const unclear = { 'x-original-uri': `/pub.test/..${zip}` };
    for (const access of [() => ({ settings, authenticator }), () => undefined]) {
      const ask = gate({ access, trusts: createTrust(() => ['127.0.0.1']) });
      expect(ask(request('/-/auth', unclear, '127.0.0.1'))).toMatchObject(forbidden);
    }
  });

  it('of a worker refuses nothing, and defers what it cannot admit', () => {
    const inWorker = createAccessGate({
      access: () => ({ settings, authenticator }),
      resources: { privacy: (path) => (path.startsWith('corp.test') ? 'private' : 'unsure') },
      trusts: createTrust(() => []),
      isAdmin: createTrust(() => []),
      publicUrl: () => 'https://proxy.corp.test',
    });
    expect(inWorker(request(zip))).toMatchObject({ deferred: true });
    expect(inWorker(request('/new.test/x/@v/list'))).toMatchObject({ deferred: true });
    const main = gate({ isBehindWorkers: true, access: () => undefined });
    const direct = { 'x-forwarded-for': '127.0.0.1', 'x-modhaven-admission': 'deferred' };
    const passedOn = { ...direct, 'x-modhaven-through-untrusted': 'yes' };
    const from = (headers: Record<string, string>) =>
      main({ url: '/-/status', headers, socket: {} } as unknown as IncomingMessage);
    expect(from(passedOn)).toMatchObject(forbidden);
    expect(from(direct)).toMatchObject({ audience: 'restricted' });
  });
});
