/**
 * Runs before each test file of the project `unit`: a unit test computes, and at most reads and writes files.
 * A test that starts a program, listens or connects is told which name makes the file a test of `e2e`.
 *
 * There are no exceptions. A comparison with what real programs say needs them, so it is a test of `e2e`.
 *
 * Test files share the processes of vitest, so what one of them leaves behind in a module is taken back here, too.
 */
import childProcess from 'node:child_process';
import dgram from 'node:dgram';
import { syncBuiltinESMExports } from 'node:module';
import net from 'node:net';
import { forgetSecrets } from '../../../src/secrets.js';

/** What is refused: the function that does it, and how a test is told. */
const REFUSED: [owner: object, method: string, what: string][] = [
  [childProcess.ChildProcess.prototype, 'spawn', 'starts a program'],
  [childProcess, 'spawnSync', 'starts a program'],
  [childProcess, 'execFileSync', 'starts a program'],
  [childProcess, 'execSync', 'starts a program'],
  [net.Server.prototype, 'listen', 'starts a server'],
  [net.Socket.prototype, 'connect', 'connects to a server'],
  [dgram.Socket.prototype, 'bind', 'opens a socket'],
];

for (const [owner, method, what] of REFUSED) {
  Object.defineProperty(owner, method, {
    configurable: true,
    writable: true,
    value: () => {
      throw new Error(`a unit test ${what}: call the file *.e2e.test.ts (test/support/vitest/unit-guard.ts)`);
    },
  });
}
syncBuiltinESMExports();

forgetSecrets();
