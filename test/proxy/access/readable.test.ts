import type { IncomingMessage } from 'node:http';
import { describe, expect, it } from 'vitest';
import { Authenticator } from '../../../src/auth/authenticator.js';
import type { HostRights } from '../../../src/auth/git-host.js';
import type { AccessSettings } from '../../../src/auth/read-access.js';
import { createReadable } from '../../../src/proxy/access/readable.js';
import { rule } from '../../auth/rule.js';

const log = { error: () => undefined, info: () => undefined };
const authenticator = new Authenticator({
  ...{ htpasswdFile: undefined, groupsFile: undefined, tokensFile: undefined, issuers: [], log },
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

describe('readable', () => {
  it('is everything where there is no auth', async () => {
    const readable = createReadable({ access: () => undefined, isPrivate });
    expect(await readable(request(), MODULES)).toEqual(MODULES);
  });

  it('leaves out what the visitor may not read', async () => {
    const readable = createReadable({
      access: () => ({ settings, authenticator, hostRights: undefined }),
      isPrivate,
    });
    expect(await readable(request(), MODULES)).toEqual(['pub.test/b']);
    expect(await readable(request({ authorization: 'Bearer made-up' }), MODULES)).toEqual(['pub.test/b']);
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
    expect(await createReadable({ access, isPrivate })(request(), MODULES)).toEqual([
      'corp.test/a',
      'pub.test/b',
    ]);
  });

  it('waits no longer for a git host than it is told, and begins no question after that', async () => {
    let asked = 0;
    const silent = { judge: () => ((asked += 1), new Promise<never>(() => undefined)) };
    const access = () => ({
      settings: { ...settings, gitHost: true, rules: [] },
      authenticator,
      hostRights: silent as unknown as HostRights,
    });
    const many = [...Array.from({ length: 100 }, (_, number) => `corp.test/m${number}`), 'pub.test/b'];
    const readable = createReadable({ access, isPrivate });
    const login = { authorization: `Basic ${Buffer.from('ann:of-the-host').toString('base64')}` };
    expect(await readable(request(login), many, 20)).toEqual(['pub.test/b']);
    expect(asked).toBeGreaterThan(0);
    expect(asked).toBeLessThan(20);
  });
});
