import type { IncomingMessage } from 'node:http';
import { describe, expect, it } from 'vitest';
import { Authenticator } from '../../../src/auth/authenticator.js';
import type { HostQuestion, HostRights, HostVerdict } from '../../../src/auth/git-host.js';
import type { AccessSettings } from '../../../src/auth/read-access.js';
import { createReadable } from '../../../src/proxy/access/readable.js';
import type { ReadableModules } from '../../../src/proxy/gate.js';
import { rule } from '../../auth/rule.js';

const log = { error: () => undefined, info: () => undefined };
const authenticator = new Authenticator({
  htpasswdFile: undefined,
  groupsFile: undefined,
  tokensFile: undefined,
  issuers: [],
  log,
});
const settings: AccessSettings = {
  public: 'anyone',
  pages: 'anyone',
  gitHost: false,
  rules: [rule('corp.test/secret', 'group:core'), rule('corp.test/*', 'authenticated')],
};
const MODULES = ['corp.test/a', 'corp.test/secret', 'pub.test/b'];
const isPrivate = (path: string) => path.startsWith('corp.test/');

function request(headers: Record<string, string> = {}): IncomingMessage {
  return { headers } as unknown as IncomingMessage;
}

const paths = async (found: Promise<ReadableModules>) => [...(await found).paths];

describe('readable', () => {
  it('is everything where there is no auth', async () => {
    const readable = createReadable({ access: () => undefined, isPrivate });
    expect(await readable(request(), MODULES)).toEqual({ paths: new Set(MODULES), isComplete: true });
  });

  it('leaves out what the visitor may not read', async () => {
    const readable = createReadable({
      access: () => ({ settings, authenticator, hostRights: undefined }),
      isPrivate,
    });
    expect(await paths(readable(request(), MODULES))).toEqual(['pub.test/b']);
    const stranger = request({ authorization: 'Bearer made-up' });
    expect(await readable(stranger, MODULES)).toEqual({ paths: new Set(['pub.test/b']), isComplete: true });
  });

  it('shows a known visitor what the rules allow', async () => {
    const ann = {
      identify: () => ({ kind: 'known', principal: { kind: 'user', name: 'ann', groups: new Set() } }),
    };
    const access = () => ({
      settings,
      authenticator: ann as unknown as Authenticator,
      hostRights: undefined,
    });
    const readable = createReadable({ access, isPrivate });
    expect(await paths(readable(request(), MODULES))).toEqual(['corp.test/a', 'pub.test/b']);
  });
});

describe('readable, where git hosts decide', () => {
  const login = request({ authorization: `Basic ${Buffer.from('ann:of-the-host').toString('base64')}` });
  const MANY = Array.from({ length: 100 }, (_, number) => `corp.test/m${number}`);
  const principal = { kind: 'user', name: 'ann', groups: new Set<string>() } as const;
  const yes: HostVerdict = { kind: 'may-read', principal, leftMs: 1 };

  /** `known`: what was said before; `judge`: what a host says to a question. */
  function hosts(known: readonly string[], judge: (path: string) => Promise<HostVerdict>) {
    const asked: string[] = [];
    const pathOf = (question: HostQuestion) => ('path' in question ? question.path : '');
    const hostRights = {
      knownTo: () => (question: HostQuestion) => (known.includes(pathOf(question)) ? yes : undefined),
      judge: (question: HostQuestion) => (asked.push(pathOf(question)), judge(pathOf(question))),
    };
    const access = () => ({
      settings: { ...settings, gitHost: true, rules: [] },
      authenticator,
      hostRights: hostRights as unknown as HostRights,
    });
    return { asked, readable: createReadable({ access, isPrivate }) };
  }
  const silence = () => new Promise<never>(() => undefined);

  it('waits no longer for them than it is told, and begins no question after that', async () => {
    const { asked, readable } = hosts([], silence);
    const found = await readable(login, [...MANY, 'pub.test/b'], { timeoutMs: 20 });
    expect(found).toEqual({ paths: new Set(['pub.test/b']), isComplete: false });
    expect(asked.length).toBeGreaterThan(0);
    expect(asked.length).toBeLessThan(20);
  });

  it('takes what they said before, also with a timeout of 0, and then asks none', async () => {
    const { asked, readable } = hosts(['corp.test/m99'], silence);
    expect(await paths(readable(login, MANY, { timeoutMs: 20 }))).toEqual(['corp.test/m99']);
    asked.length = 0;
    const found = await readable(login, MANY, { timeoutMs: 0 });
    expect(found).toEqual({ paths: new Set(['corp.test/m99']), isComplete: false });
    expect(asked).toEqual([]);
  });

  it('asks about all, first about what is wanted first, and leaves out what cannot be asked', async () => {
    const { asked, readable } = hosts([], (path) =>
      path === 'corp.test/m1' ? Promise.reject(new Error('down')) : Promise.resolve(yes),
    );
    const found = await readable(login, MANY, { first: (path) => path.endsWith('9') });
    expect(found.isComplete).toBe(false);
    expect(MANY.filter((path) => !found.paths.has(path))).toEqual(['corp.test/m1']);
    expect(asked.slice(0, 10).every((path) => path.endsWith('9'))).toBe(true);
    expect([...asked].sort()).toEqual([...MANY].sort());
  });
});
