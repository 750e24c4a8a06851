import http from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { parseRepoUrl } from '../../../src/module/repo-url.js';
import { GitRequests } from '../../../src/vcs/smart-http/git-requests.js';
import { FallbackToGit } from '../../../src/vcs/smart-http/fallback-to-git.js';
import { LoginOnDemand } from '../../../src/vcs/smart-http/login.js';
import { hostAccess } from '../../../src/vcs/transport/access.js';
import { GitFailure } from '../../../src/vcs/transport/git-exec.js';
import { listenOnLoopback, type LoopbackHost } from '../../support/loopback.js';
import { sealedEnv } from '../../support/run.js';
import { settingsOf } from '../lab.js';

const ADVERTISEMENT = 'application/x-git-upload-pack-advertisement';
const RESULT = 'application/x-git-upload-pack-result';

let host: LoopbackHost | undefined;
afterEach(() => host?.stop());

/** Requests to a host that answers with these. */
async function requestsTo(status: number, type: string, body = '') {
  const seen: http.IncomingMessage[] = [];
  host = await listenOnLoopback(
    http.createServer((request, response) => {
      seen.push(request);
      request.resume().on('end', () => response.writeHead(status, { 'content-type': type }).end(body));
    }),
  );
  const remote = parseRepoUrl(`http://127.0.0.1:${host.port}/x.git`, '/');
  const requests = new GitRequests({
    remote,
    base: new URL(`${remote.url}/`),
    idleTimeoutMs: 5_000,
    signal: AbortSignal.timeout(20_000),
    access: await hostAccess(remote, settingsOf(), sealedEnv()),
    login: new LoginOnDemand(remote, sealedEnv()),
  });
  return { requests, seen };
}

describe('GitRequests', () => {
  it('asks what a host can do as git does', async () => {
    const { requests, seen } = await requestsTo(200, ADVERTISEMENT, '0000');
    expect((await requests.advertisement()).status).toBe(200);
    expect([seen[0]?.method, seen[0]?.url]).toEqual(['GET', '/x.git/info/refs?service=git-upload-pack']);
    expect(seen[0]?.headers).toMatchObject({
      'git-protocol': 'version=2',
      'user-agent': 'git/2.0 (modhaven)',
    });
  });

  it('leaves to git what is answered by something else', async () => {
    const { requests } = await requestsTo(200, 'text/html', '<html>sign in');
    await expect(requests.advertisement()).rejects.toMatchObject({ always: true });
    await expect(requests.result('0000')).rejects.toBeInstanceOf(FallbackToGit);
  });

  it('tells a refusal in the words of git, with those of the host', async () => {
    const { requests } = await requestsTo(403, 'text/plain', 'the project is archived\n');
    const failure: unknown = await requests.advertisement().catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(GitFailure);
    expect((failure as GitFailure).stderr).toMatch(
      /^remote: the project is archived\nfatal: unable to access '.*': The requested URL returned error: 403$/,
    );
  });

  it('believes no words of a page or of a server with a problem of its own', async () => {
    const { requests } = await requestsTo(502, 'text/plain', 'Repository not found');
    await expect(requests.advertisement()).rejects.toThrow(/: 502$/);
    await expect(requests.advertisement()).rejects.not.toThrow(/not found/);
  });

  it('posts a command and hands on the answer', async () => {
    const { requests, seen } = await requestsTo(200, RESULT, '0000');
    expect((await requests.result('0014command=ls-refs\n0000')).status).toBe(200);
    expect([seen[0]?.method, seen[0]?.url]).toEqual(['POST', '/x.git/git-upload-pack']);
    expect(seen[0]?.headers['content-type']).toBe('application/x-git-upload-pack-request');
  });
});
