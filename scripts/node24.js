/**
 * `npm run test:node24`: the tests under Node 24, whatever Node runs this script. Arguments are those of `vitest run`; without
 * any, all tests run, and with `--install` none: it prints where the binary is. That comes as the npm package `node` and stays
 * in node_modules/.cache.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const PLACE = path.join(ROOT, 'node_modules/.cache/node24');
const BIN = path.join(PLACE, 'node_modules/node/bin');
const NODE = path.join(BIN, 'node');

function versionOf(node) {
  try {
    return execFileSync(node, ['--version'], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
  } catch {
    return undefined;
  }
}

if (versionOf(NODE) === undefined) {
  mkdirSync(PLACE, { recursive: true });
  const install = [
    'install',
    '--no-save',
    '--no-audit',
    '--no-fund',
    '--loglevel=error',
    '--prefix',
    PLACE,
    'node@24',
  ];
  execFileSync('npm', install, { cwd: PLACE, stdio: ['ignore', 'inherit', 'inherit'] });
}
const version = versionOf(NODE);
if (!version?.startsWith('v24.')) {
  throw new Error(`the npm package node@24 brought no Node 24, but ${version}`);
}
const args = process.argv.slice(2);
if (args[0] === '--install') {
  process.stdout.write(`${NODE}\n`);
  process.exit();
}
process.stdout.write(`Node ${version}\n`);

const { status } = spawnSync(NODE, ['node_modules/vitest/vitest.mjs', 'run', ...args], {
  cwd: ROOT,
  // What tests start as `node` is the same one.
  env: { ...process.env, PATH: `${BIN}${path.delimiter}${process.env.PATH}` },
  stdio: 'inherit',
});
process.exit(status ?? 1);
