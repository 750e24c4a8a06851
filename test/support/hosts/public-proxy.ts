/**
 * The public Go proxy that the machine's own `go` uses, for the few tests whose subject is the public world. Where it
 * cannot be reached, those are skipped, and that is said: like a right, it is nothing that one could install.
 */
import { spawnSync } from 'node:child_process';
import { writeSync } from 'node:fs';
import type { Env } from '../run.js';

export interface PublicProxy {
  /** The first entry of GOPROXY. */
  url: string;
  /** What a process needs to reach it from this machine: certificates of the company's own, for Node and for Go. */
  env: Env;
}

/** Undefined where `probe` (`MODULE@VERSION`, small) cannot be had through it. */
export function publicProxy(probe = 'rsc.io/quote@v1.5.2'): PublicProxy | undefined {
  // The account's own setting, so not from a sealed environment.
  const { stdout, status } = spawnSync('go', ['env', 'GOPROXY'], { encoding: 'utf8' });
  const list = status === 0 ? stdout.trim() : '';
  const [url = ''] = list.split(/[,|]/, 1);
  if (/^(?:https?|file):/.test(url)) {
    const found = spawnSync('go', ['list', '-m', probe], {
      env: { ...process.env, GOPROXY: url, GOFLAGS: '-mod=mod', GO111MODULE: 'on', GOWORK: 'off' },
      cwd: '/',
      timeout: 30_000,
    });
    const { NODE_EXTRA_CA_CERTS, SSL_CERT_FILE } = process.env;
    if (found.status === 0) return { url, env: { NODE_EXTRA_CA_CERTS, SSL_CERT_FILE } };
  }
  writeSync(2, `\n*** SKIPPING TESTS: they need public modules, and "${list}" does not give ${probe} ***\n`);
  return undefined;
}
