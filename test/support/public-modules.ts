/**
 * The public Go proxy that the machine's own `go` uses, for the few tests whose subject is the public world. Where it
 * cannot be reached, those are skipped, and that is said: like a right, it is nothing that one could install.
 */
import { spawnSync } from 'node:child_process';
import { writeSync } from 'node:fs';
import type { Env } from './run.js';

/** What a process needs to reach it from this machine: certificates of the company's own, for Node and for Go. */
export const PUBLIC_ENV: Env = {
  NODE_EXTRA_CA_CERTS: process.env.NODE_EXTRA_CA_CERTS,
  SSL_CERT_FILE: process.env.SSL_CERT_FILE,
};

/** The value of GOPROXY; undefined where `probe` (`MODULE@VERSION`, small) cannot be had through it. */
export function publicProxy(probe: string): string | undefined {
  const { stdout, status } = spawnSync('go', ['env', 'GOPROXY'], { encoding: 'utf8' });
  const list = stdout.trim();
  const [first = ''] = list.split(/[,|]/, 1);
  if (status === 0 && /^(?:https?|file):/.test(first)) {
    const found = spawnSync('go', ['list', '-m', probe], {
      env: { ...process.env, GOPROXY: first, GOFLAGS: '-mod=mod', GO111MODULE: 'on', GOWORK: 'off' },
      cwd: '/',
      timeout: 30_000,
    });
    if (found.status === 0) return first;
  }
  writeSync(2, `\n*** SKIPPING TESTS: they need public modules, and "${list}" does not give ${probe} ***\n`);
  return undefined;
}
