/** The project `unit` really refuses what would make it slow or dependent on the machine. */
import { execFile, execFileSync, execSync, fork, spawn, spawnSync } from 'node:child_process';
import dgram from 'node:dgram';
import http from 'node:http';
import https from 'node:https';
import net from 'node:net';
import { expect, it } from 'vitest';

const PROGRAM = process.execPath;

it.each<[string, () => unknown]>([
  ['spawn', () => spawn(PROGRAM)],
  ['execFile', () => execFile(PROGRAM)],
  ['fork', () => fork('nothing.js')],
  ['spawnSync', () => spawnSync(PROGRAM)],
  ['execFileSync', () => execFileSync(PROGRAM)],
  ['execSync', () => execSync('true')],
  ['a TCP server', () => net.createServer().listen(0)],
  ['an http server', () => http.createServer().listen(0, '127.0.0.1')],
  ['an https server on a unix socket', () => https.createServer().listen('/tmp/never.sock')],
  ['a connection', () => net.connect(9)],
  ['a UDP socket', () => dgram.createSocket('udp4').bind(0)],
])('%s is refused in a unit test', (_, start) => {
  expect(start).toThrow(/^a unit test (starts|connects|opens).*\.e2e\.test\.ts/);
});

it('is refused for an http request, too', async () => {
  const answer = new Promise((resolve, reject) => {
    http.get('http://127.0.0.1:9/', resolve).on('error', reject);
  });
  await expect(answer).rejects.toThrow('a unit test connects to a server');
});
