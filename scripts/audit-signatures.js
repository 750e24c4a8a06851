/**
 * `npm audit signatures`, where it can run: it needs a registry that hands out signing keys, and the public keys of
 * Sigstore. What cannot be asked is said and is not a failure; a signature that is wrong or lacking is one.
 */
import { spawnSync } from 'node:child_process';

/** npm tries an address that cannot be reached again and again. */
const TIMEOUT_MS = 60_000;

const npm = spawnSync('npm', ['audit', 'signatures', '--fetch-retries=0'], {
  encoding: 'utf8',
  timeout: TIMEOUT_MS,
});
const said = `${npm.stdout ?? ''}${npm.stderr ?? ''}`;
const isWrong = /\b(?:invalid|missing) (?:registry signature|attestation)/.test(said);
if (npm.status === 0 || isWrong) {
  process.stdout.write(said);
  process.exitCode = npm.status === 0 ? 0 : 1;
} else {
  const lines = said
    .split('\n')
    .filter((line) => line.startsWith('npm error') && !line.includes('log of this run'));
  const reason = npm.error === undefined ? lines.join('; ').replaceAll('npm error ', '') : 'it took too long';
  process.stdout.write(`the signatures of packages were NOT checked: ${reason}\n`);
}
