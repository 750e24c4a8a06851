import { createServer } from 'node:net';
import { describe, expect, it } from 'vitest';
import { parseRepoUrl } from '../../../src/module/repo-url.js';
import { checkReachable, noRoute } from '../../../src/vcs/transport/reachability.js';
import { silentPort } from '../lab.js';
import { freePort, listenOnLoopback } from '../../support/loopback.js';

async function outcome(url: string, env: NodeJS.ProcessEnv = {}): Promise<string> {
  return checkReachable(parseRepoUrl(url, '/'), 300, env).then(
    () => 'left to git',
    (error: unknown) => (error as { code: string }).code,
  );
}

describe('dial', () => {
  it('is content with any answer', async () => {
    await using host = await listenOnLoopback(createServer());
    expect(await outcome(`http://127.0.0.1:${host.port}/x.git`)).toBe('left to git');
    expect(await outcome(`http://127.0.0.1:${await freePort()}/x.git`)).toBe('left to git');
    expect(await outcome('https://nohost.invalid/x.git')).toBe('left to git');
  });

  it('finds a silent host, unless a web proxy or ssh is in between', async () => {
    const { port, stop } = await silentPort();
    const place = `127.0.0.1:${port}/x.git`;
    const proxy = { http_proxy: 'http://127.0.0.1:3128' };
    expect(await outcome(`http://${place}`)).toBe('HOST_TIMEOUT');
    expect(await outcome(`https://${place}`, proxy)).toBe('HOST_TIMEOUT');
    expect(await outcome(`http://${place}`, { ...proxy, no_proxy: 'localhost, .0.0.1' })).toBe(
      'HOST_TIMEOUT',
    );
    expect(await outcome(`http://${place}`, { ...proxy, no_proxy: '*' })).toBe('HOST_TIMEOUT');
    expect(await outcome(`http://${place}`, proxy)).toBe('left to git');
    expect(await outcome(`http://${place}`, { ...proxy, no_proxy: '27.0.0.1' })).toBe('left to git');
    expect(await outcome(`ssh://git@${place}`)).toBe('left to git');
    await stop();
  });
});

it('says where no way leads to, and what to check', () => {
  const { reason, remedy } = noRoute('10.0.0.1:22');
  expect(reason).toBe('there is no way from the modhaven server to 10.0.0.1:22');
  expect(remedy).toContain('AllowedIPs');
});
