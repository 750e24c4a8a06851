/** The log of `serve`: for programs when a program reads it, for people on a terminal. */
import { describe, expect, it } from 'vitest';
import { ask, until } from '../../support/ask.js';
import { startDaemon } from '../../support/process/daemon.js';
import { answersOk, freePort } from '../../support/loopback.js';
import { missing } from '../../support/requirements.js';
import type { Env } from '../../support/run.js';
import { CLI, startServer } from '../../support/server.js';
import { files } from '../support/files.js';

const VANITY = 'host: mycompany.com\npaths:\n  /foo: http://127.0.0.1:9/foo.git\n';

describe('the log', () => {
  it('is one JSON object a line where no terminal is', async () => {
    await using server = await startServer({ vanity: VANITY });
    await ask(server.url, '/mycompany.com/foo/@v/v1.0.0.info', { headers: { 'User-Agent': 'x' } });
    await until(
      () => server.logs(),
      (log) => log.includes('"msg":"request"'),
    );
    const lines = server.logs().trimEnd().split('\n');
    const entries = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    for (const entry of entries) {
      expect(entry).toMatchObject({
        level: expect.any(String) as string,
        time: expect.any(String) as string,
      });
    }
    expect(entries.at(-1)).toMatchObject({
      level: 'info',
      method: 'GET',
      path: '/mycompany.com/foo/@v/v1.0.0.info',
      module: 'mycompany.com/foo',
      version: 'v1.0.0',
      status: 502,
      ms: expect.any(Number) as number,
      client: '127.0.0.1',
    });
  });

  it.skipIf(missing('script'))('is readable on a terminal', async () => {
    const { config } = await files({ vanity: VANITY });
    const port = await freePort();
    const command = `'${process.execPath}' '${CLI}' serve --config '${config}' --listen 127.0.0.1:${port}`;
    await using terminal = await startDaemon('script', ['-q', '-e', '-c', command, '/dev/null'], {
      env: { TERM: 'xterm' },
      isReady: async () => answersOk(port, '/-/readyz'),
    });
    await ask(`http://127.0.0.1:${port}`, '/mycompany.com/nope/@v/list');
    const log = await until(
      () => terminal.logs(),
      (text) => /nope.*404/.test(text), // a port may hold these digits, too
    );
    // eslint-disable-next-line no-control-regex -- colours
    const plain = log.replace(/\u001b\[[0-9;]*m/g, '');
    expect(plain).toMatch(/^\[\d\d:\d\d:\d\d\] INFO: modhaven is ready/m);
    expect(plain).toMatch(/^\[\d\d:\d\d:\d\d\] INFO: request .*mycompany\.com\/nope.*404/m);
    expect(plain).not.toContain('"level"');

    // Closing the terminal ends the server.
    await terminal.stop();
    expect(
      await until(
        () => answersOk(port, '/-/readyz'),
        (answers) => !answers,
      ),
    ).toBe(false);
  });

  const levels: { name: string; args?: string[]; env?: Env; lines: string[]; not: string[] }[] = [
    { name: 'info is the default', lines: ['"level":"info"'], not: ['/-/readyz'] },
    { name: 'the flag', args: ['--log-level', 'debug'], lines: ['"level":"debug"', '/-/readyz'], not: [] },
    { name: 'the environment', env: { MODHAVEN_LOG_LEVEL: 'debug' }, lines: ['/-/readyz'], not: [] },
    {
      name: 'the flag wins over the environment',
      args: ['--log-level', 'error'],
      env: { MODHAVEN_LOG_LEVEL: 'debug' },
      lines: ['"level":"error"'],
      not: ['"level":"info"', '"level":"debug"'],
    },
  ];
  it.each(levels)('has a level: $name', async ({ args = [], env = {}, lines, not }) => {
    await using server = await startServer({ vanity: VANITY, args, env });
    await ask(server.url, '/mycompany.com/foo/@latest'); // an error and a request
    const log = await until(
      () => server.logs(),
      (text) => lines.every((line) => text.includes(line)),
    );
    for (const line of lines) expect(log).toContain(line);
    for (const line of not) expect(log).not.toContain(line);
  });
});
