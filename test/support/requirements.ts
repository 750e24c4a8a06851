/**
 * What a test needs from the machine beyond node.
 *
 * On a laptop a missing program skips the tests that need it, with one loud line for the run. Where
 * MODHAVEN_TEST_ALL=1 says that everything must be there (`.ci/run` does), a missing program is a failure: a suite
 * that skips itself proves nothing. Rights (`root`, `mount-namespace`, `wireguard`) are not programs: not having them
 * always skips.
 */
import { spawnSync } from 'node:child_process';
import { accessSync, constants, writeFileSync, writeSync } from 'node:fs';
import path from 'node:path';
import { sealedEnv } from './run.js';
import { runDir } from './tmp.js';

/** A program of the machine. */
export type Program =
  | 'git'
  | 'go'
  | 'ssh'
  | 'sshd'
  | 'nginx'
  | 'haproxy'
  | 'redis-server'
  | 'valkey-server'
  | 'openssl'
  | 'prometheus'
  | 'promtool'
  | 'systemd-analyze'
  | 'htpasswd'
  | 'java'
  | 'javac'
  | 'mvn'
  | 'ip'
  | 'caddy'
  | 'debootstrap'
  | 'hadolint'
  | 'sysctl'
  | 'wg'
  | 'wg-quick'
  | 'chromium'
  | 'faketime'
  | 'curl'
  | 'script'
  | 'unzip'
  | 'python3'
  | 'pip3';

/**
 * A right of the account that runs the tests. `mount-namespace` is what `unshare -m` needs, `wireguard` a network
 * namespace with a WireGuard device in it: one of the kernel, or /dev/net/tun for one in user space.
 */
export type Right = 'root' | 'mount-namespace' | 'wireguard';

/**
 * Whether something of `needs` is not here, for `describe.skipIf(missing('go', 'sshd'))`.
 * Throws for a missing program when MODHAVEN_TEST_ALL=1.
 */
export function missing(...needs: (Program | Right)[]): boolean {
  const absent = needs.filter((need) => !isPresent(need));
  for (const need of absent) {
    if (!isRight(need) && process.env.MODHAVEN_TEST_ALL === '1') {
      throw new Error(
        `${need} is not installed, and MODHAVEN_TEST_ALL=1 allows no test to be skipped for that`,
      );
    }
    sayOnce(need);
  }
  return absent.length > 0;
}

/** The absolute path of a program (sshd insists on being started by it); undefined when it is not installed. */
export function programPath(name: string): string | undefined {
  for (const dir of (sealedEnv().PATH ?? '').split(path.delimiter)) {
    const file = path.join(dir, name);
    try {
      if (dir !== '') accessSync(file, constants.X_OK);
      if (dir !== '') return file;
    } catch {
      // Not in this directory.
    }
  }
  return undefined;
}

function isRight(need: Program | Right): need is Right {
  return need === 'root' || need === 'mount-namespace' || need === 'wireguard';
}

function isPresent(need: Program | Right): boolean {
  if (need === 'root') return process.getuid?.() === 0;
  if (need === 'mount-namespace') return spawnSync('unshare', ['-m', 'true']).status === 0;
  if (need === 'wireguard') return canMakeTunnel();
  return programPath(need) !== undefined;
}

function canMakeTunnel(): boolean {
  // Opening the file is the test: it may be there without the right to use it.
  const script = 'ip link add name wg0 type wireguard 2>/dev/null || : <>/dev/net/tun';
  const { status } = spawnSync('unshare', ['-n', '-m', 'sh', '-c', script], {
    env: sealedEnv(),
    stdio: 'ignore',
  });
  return status === 0;
}

/** Every test file asks, in its own process: a marker file makes it one line for the run. */
function sayOnce(need: Program | Right): void {
  try {
    writeFileSync(path.join(runDir(), `missing-${need}`), '', { flag: 'wx' });
  } catch {
    return;
  }
  writeSync(2, `\n*** SKIPPING TESTS: they need ${need}, which this machine does not have ***\n`);
}
