import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { createHostLimiter } from '../../../src/concurrency/host-limiter.js';
import { parseRepoUrl } from '../../../src/module/repo-url.js';
import { RemoteSession } from '../../../src/vcs/remote/remote-session.js';
import { isTurnedAway, retryTurnedAway } from '../../../src/vcs/remote/turned-away.js';
import { createSmartHosts } from '../../../src/vcs/smart-http/smart-http.js';
import { createAccountConfig } from '../../../src/vcs/transport/account-config.js';
import { GitFailure } from '../../../src/vcs/transport/git-exec.js';
import { until } from '../../support/ask.js';
import { repo } from '../../support/git/git-repo.js';
import { missing } from '../../support/requirements.js';
import { sealedEnv } from '../../support/run.js';
import { sshdHost, type SshdHost } from '../../support/hosts/sshd-host.js';
import { tempDir } from '../../support/tmp.js';
import { errorOf, settingsOf } from '../lab.js';

const CLOSED = 'kex_exchange_identification: Connection closed by remote host';
const failure = (stderr: string): GitFailure => new GitFailure('ls-remote', 128, stderr);

describe('retryTurnedAway', () => {
  /** What `work` does each time, and how often it waited. */
  async function run(...outcomes: (Error | string)[]): Promise<{ result: unknown; pauses: number[] }> {
    const pauses: number[] = [];
    const work = (): Promise<string> => {
      const next = outcomes.shift() ?? 'too often';
      return next instanceof Error ? Promise.reject(next) : Promise.resolve(next);
    };
    const pause = (attempt: number): Promise<void> => Promise.resolve(void pauses.push(attempt));
    const result = await retryTurnedAway(work, pause).catch((error: unknown) => error);
    return { result, pauses };
  }

  it('tries again what a host turned away, a few times', async () => {
    const reset = failure('kex_exchange_identification: read: Connection reset by peer\n');
    expect(await run('at once')).toEqual({ result: 'at once', pauses: [] });
    expect(await run(failure(CLOSED), reset, 'then')).toEqual({ result: 'then', pauses: [1, 2] });
    const last = failure(CLOSED);
    expect(await run(failure(CLOSED), failure(CLOSED), last)).toEqual({ result: last, pauses: [1, 2] });
  });

  it('tries nothing again that a host answered', async () => {
    for (const error of [failure('Permission denied (publickey).'), new Error(CLOSED)]) {
      expect(await run(error)).toEqual({ result: error, pauses: [] });
      expect(isTurnedAway(error)).toBe(false);
    }
  });
});

describe.skipIf(missing('sshd'))('an ssh host that takes one connection that is not logged in', () => {
  /** A connection that never logs in; the host has named itself. */
  async function occupy(host: SshdHost): Promise<Socket> {
    const socket = connect(host.port, host.host);
    await once(socket, 'data');
    return socket;
  }

  async function sessionWith(host: SshdHost, pause: () => Promise<void>): Promise<RemoteSession> {
    const dir = await tempDir('session');
    const env = sealedEnv(host.gitEnv());
    const settings = () => settingsOf();
    const account = createAccountConfig(env);
    const words = { message: 'busy', questions: 'questions', remedy: 'try again' };
    const limiter = createHostLimiter(() => 4, words);
    const smart = createSmartHosts(settings, env, account);
    const remote = parseRepoUrl(host.url('x.git'), '/');
    return new RemoteSession({ remote, dir, settings, env, limiter, smart, account, pause });
  }

  it('is asked again once it takes connections, and said to be full where it does not', async () => {
    const root = await tempDir('root');
    const made = await repo(path.join(root, 'x.git'));
    await made.write({ 'go.mod': 'module x\n' }).commit('one');
    await using host = await sshdHost(root, { maxStartups: '1:100:1' });
    const occupant = await occupy(host);
    let pauses = 0;
    const asked = await sessionWith(host, async () => {
      pauses += 1;
      occupant.destroy();
      await until(
        () => host.logs(),
        (log) => /[Cc]onnection closed|closed by/.test(log),
      );
      await sleep(500 * pauses); // sshd has still to hear that the process of that connection ended
    });
    const { defaultBranch } = await asked.listRefs(() => undefined);
    expect([defaultBranch, pauses > 0]).toEqual(['main', true]);

    const other = await occupy(host);
    const full = await sessionWith(host, () => Promise.resolve());
    const error = await errorOf(full.listRefs(() => undefined));
    expect(error).toMatchObject({ code: 'HOST_UNREACHABLE' });
    expect(error.reason).toContain('MaxStartups');
    other.destroy();
  });
});
