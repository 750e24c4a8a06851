/** The public Go proxy that this machine is set up with, for tests that need real public modules. */
import { spawnSync } from 'node:child_process';
import { writeSync } from 'node:fs';
import type { Env } from './run.js';

export interface PublicProxy {
  /** Of the first entry of `go env GOPROXY`. */
  url: string;
  /** What a server needs to reach it from this machine: certificates that the machine trusts. */
  env: Env;
}

/**
 * Undefined if it cannot be reached: then tests skip what needs it, with a loud
 * line. Throws if MODHAVEN_TEST_ALL=1, where nothing may be skipped.
 */
export async function publicProxy(): Promise<PublicProxy | undefined> {
  // The account's own setting, so not from a sealed environment.
  const { stdout } = spawnSync('go', ['env', 'GOPROXY'], { encoding: 'utf8' });
  const url = /https?:[^,|\s]+/.exec(typeof stdout === 'string' ? stdout : '')?.[0];
  if (url !== undefined && (await answers(`${url}/rsc.io/quote/@v/v1.5.2.info`)))
    return { url, env: { NODE_EXTRA_CA_CERTS: process.env.NODE_EXTRA_CA_CERTS } };
  if (process.env.MODHAVEN_TEST_ALL === '1') throw new Error('the public Go proxy cannot be reached');
  writeSync(2, 'tests that need the public Go proxy are skipped: it cannot be reached\n');
  return undefined;
}

async function answers(url: string): Promise<boolean> {
  try {
    return (await fetch(url, { signal: AbortSignal.timeout(10_000) })).ok;
  } catch {
    return false;
  }
}
