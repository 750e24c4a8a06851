/**
 * `npm run release`: release/modhaven-VERSION.tar.gz, one folder with everything that a machine without npm needs besides
 * Node, git and ssh; beside it the SBOM (CycloneDX) and the checksums. The same commit gives the same archive.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const OUT = path.join(ROOT, 'release');
const { version } = JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8'));
const NAME = `modhaven-${version}`;
/** What is in it besides the packages. */
const PARTS = ['dist', 'config', 'deploy', 'docs', 'demo', 'CHANGELOG.md', 'LICENSE', 'README.md'];

const run = (command, args, cwd) =>
  execFileSync(command, args, { cwd, stdio: ['ignore', 'pipe', 'inherit'] });
/** The time of everything in the archive, so that it depends on the commit alone. */
const commitTime = () => {
  try {
    return run('git', ['log', '-1', '--format=%ct'], ROOT).toString().trim();
  } catch {
    return '0'; // not a checkout
  }
};

mkdirSync(OUT, { recursive: true });
const work = mkdtempSync(path.join(OUT, '.work-'));
try {
  const folder = path.join(work, NAME);
  mkdirSync(folder);
  for (const part of [...PARTS, 'package.json', 'package-lock.json']) {
    if (existsSync(path.join(ROOT, part))) {
      cpSync(path.join(ROOT, part), path.join(folder, part), { recursive: true });
    }
  }
  run('npm', ['ci', '--omit=dev', '--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline'], folder);
  const sbom = run('npm', ['sbom', '--omit=dev', '--package-lock-only', '--sbom-format=cyclonedx'], folder);
  const order = [
    '--sort=name',
    `--mtime=@${commitTime()}`,
    '--owner=0',
    '--group=0',
    '--numeric-owner',
    '--mode=go-w',
  ];
  run('tar', [...order, '-C', work, '-cf', `${NAME}.tar`, NAME], OUT);
  run('gzip', ['-n', '-9', '-f', `${NAME}.tar`], OUT);
  writeFileSync(path.join(OUT, `${NAME}.sbom.json`), sbom);
} finally {
  rmSync(work, { recursive: true, force: true });
}

const sums = [`${NAME}.sbom.json`, `${NAME}.tar.gz`].map(
  (file) =>
    `${createHash('sha256')
      .update(readFileSync(path.join(OUT, file)))
      .digest('hex')}  ${file}\n`,
);
writeFileSync(path.join(OUT, 'SHA256SUMS'), sums.join(''));
process.stdout.write(sums.join(''));
