/** `listen: unix:/path`: requests come through, and a socket that a killed server left behind does not stop the next one. */
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import http from 'node:http';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { startDaemon } from '../support/process/daemon.js';
import { CLI } from '../support/server.js';
import { tempDir } from '../support/tmp.js';
import { logged } from '../support/ask.js';

function get(socketPath: string, url: string): Promise<{ status: number | undefined; body: string }> {
  return new Promise((resolve, reject) => {
    const request = http.get({ socketPath, path: url }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (text: string) => (body += text));
      response.on('end', () => resolve({ status: response.statusCode, body }));
    });
    request.on('error', reject);
  });
}

describe('listen: unix:/path', () => {
  it('serves, survives a kill, and refuses to take the socket of a running server', async () => {
    const dir = await tempDir('socket');
    const socket = path.join(dir, 'modhaven.sock');
    const config = path.join(dir, 'modhaven.yaml');
    await writeFile(config, `listen: unix:${socket}\ncache: { dir: data }\n`);
    await writeFile(path.join(dir, 'vanity.yaml'), 'host: my.corp\npaths: { /a: ./a.git }\n');
    const start = () =>
      startDaemon(process.execPath, [CLI, 'serve', '--config', config], {
        isReady: (log) => log.includes('modhaven is ready'),
      });

    const first = await start();
    expect(await get(socket, '/-/readyz')).toEqual({ status: 200, body: 'ready\n' });
    await expect(start()).rejects.toThrow(/cannot listen on unix:/);
    expect(await get(socket, '/-/readyz')).toMatchObject({ status: 200 });
    first.signal('SIGKILL');
    await first.exited;
    expect(existsSync(socket)).toBe(true);

    await using second = await start();
    await logged(second, 'modhaven is ready');
    expect(await get(socket, '/-/readyz')).toMatchObject({ status: 200 });
  });
});
