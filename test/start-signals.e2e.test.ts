import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { holdSignals, takeSignals } from '../src/start-signals.js';
import { until } from './support/ask.js';
import { withDescendants } from './chaos/processes.js';
import { killGroup, mustRun, sealedEnv } from './support/run.js';
import { CLI } from './support/server.js';
import { tempDir } from './support/tmp.js';

const SIGNALS = ['SIGHUP', 'SIGTERM', 'SIGINT'] as const;
const listeners = (): number[] => SIGNALS.map((signal) => process.listenerCount(signal));

describe('holdSignals', () => {
  it('takes them for a server, whatever options stand before its name, until the server does', () => {
    const before = listeners();
    holdSignals(['--verbose', 'serve', '--config', 'x']);
    expect(listeners()).toEqual(before.map((count) => count + 1));
    expect(takeSignals()).toBe(false);
    expect(listeners()).toEqual(before);
    holdSignals(['serve']);
    process.emit('SIGHUP');
    expect(takeSignals()).toBe(true);
  });

  it('leaves other commands as they are', () => {
    const before = listeners();
    for (const words of [[], ['check', 'serve'], ['--help'], ['gc']]) holdSignals(words);
    expect(listeners()).toEqual(before);
  });
});

/** Of SIGHUP in the mask of proc(5), `SigCgt`. */
const CATCHES_SIGHUP = 1n;

describe.runIf(process.platform === 'linux')(
  'a server whose configuration still comes through a pipe',
  () => {
    let shell: ChildProcess | undefined;
    let log = '';
    afterEach(() => killGroup(shell?.pid, 'SIGKILL'));

    /** A server that takes signals, and waits for its configuration. */
    async function start(): Promise<{
      pid: number;
      ended: Promise<unknown[]>;
      configure: () => Promise<void>;
    }> {
      const dir = await tempDir('start-signals');
      const source = path.join(dir, 'source');
      await mustRun('mkfifo', [source]);
      await writeFile(path.join(dir, 'vanity.yaml'), 'host: start.example\npaths: { /x: /none.git }\n');
      log = '';
      const command = 'cat "$1" | "$2" "$3" serve --config /dev/stdin --listen 127.0.0.1:0';
      const args = ['-c', command, 'sh', source, process.execPath, CLI];
      const child = spawn('sh', args, { cwd: dir, env: sealedEnv({ HOME: dir }), detached: true });
      shell = child;
      const ended = once(child, 'exit');
      for (const output of [child.stdout, child.stderr]) output.on('data', (text) => (log += String(text)));
      const serving = (): number | undefined =>
        withDescendants(child.pid ?? 0).find(({ command: words }) => words.startsWith(process.execPath))?.pid;
      const pid = (await until(serving, (found) => found !== undefined)) ?? 0;
      const caught = async (): Promise<bigint> => {
        const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
        return BigInt(`0x${/^SigCgt:\s*(\w+)/m.exec(status)?.[1] ?? '0'}`);
      };
      const mask = await until(caught, (found) => (found & CATCHES_SIGHUP) !== 0n, 20_000);
      expect(mask & CATCHES_SIGHUP).toBe(CATCHES_SIGHUP);
      const config = `vanity: ${dir}/vanity.yaml\ncache: { dir: ${dir}/data }\n`;
      return { pid, ended, configure: () => writeFile(source, config) };
    }

    it('goes on at SIGHUP, and reads its files again', async () => {
      const { pid, ended, configure } = await start();
      process.kill(pid, 'SIGHUP');
      await configure();
      await until(
        () => log,
        (said) => said.includes('modhaven is ready') && said.includes('vanity.yaml read again'),
      );
      expect(log).toContain('modhaven is ready');
      expect(log).toContain('vanity.yaml read again');
      process.kill(pid, 'SIGTERM');
      expect(await ended).toEqual([0, null]);
    });

    it.each(['SIGTERM', 'SIGINT'] as const)('ends in good order at %s', async (signal) => {
      const { pid, ended, configure } = await start();
      process.kill(pid, signal);
      await configure();
      expect(await ended).toEqual([0, null]);
      expect(log).not.toContain('modhaven is ready');
    });
  },
);
