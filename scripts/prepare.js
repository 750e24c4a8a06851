/**
 * npm runs this after `npm ci` in a checkout, before it packs one, and when it installs the program from git.
 *
 * - With the compiler there, it builds.
 * - After `npm ci --omit=dev` there is none, and nothing to do: `dist` was brought along, or `npm start` says what to do.
 * - `npm install --global git+...` clones the repository and has a second npm install its development packages. That one
 *   takes "global" over from its parent's environment, so it installs none of them and puts a link to the clone in the
 *   place where the parent is unpacking the program (seen in npm 10 and 11). Here the link is taken back, and the parent,
 *   which runs this once more, gets its compiler by a plain `npm ci`. (The packages that the program needs are bundled:
 *   they come with it, and nothing else is unpacked beside it while the link is there.)
 */
import { execFileSync } from 'node:child_process';
import {
  existsSync,
  lstatSync,
  readdirSync,
  readlinkSync,
  realpathSync,
  renameSync,
  unlinkSync,
} from 'node:fs';
import path from 'node:path';

const NAME = 'modhaven';
const COMPILER = 'node_modules/typescript/bin/tsc';
const { npm_config_global: isGlobal, npm_execpath: npm, _PACOTE_NO_PREPARE_: preparing } = process.env;

if (isGlobal === 'true' && preparing !== undefined) {
  undoLink();
} else {
  if (isGlobal === 'true' && !existsSync(COMPILER)) installCompiler();
  if (existsSync(COMPILER) && existsSync('src')) runNpm(['run', 'build']);
}

/** Puts back what the second npm moved aside for its link: `.modhaven-XXXXXXXX`, the folder its parent works in. */
function undoLink() {
  const modules = path.join(process.env.npm_config_global_prefix ?? '', 'lib/node_modules');
  const place = path.join(modules, NAME);
  if (lstatSync(place, { throwIfNoEntry: false })?.isSymbolicLink() !== true) return;
  if (realpathSync(path.resolve(modules, readlinkSync(place))) !== realpathSync('.')) return;
  unlinkSync(place);
  const aside = readdirSync(modules).find((name) => name.startsWith(`.${NAME}-`));
  if (aside !== undefined) renameSync(path.join(modules, aside), place);
}

function installCompiler() {
  runNpm(['ci', '--include=dev', '--ignore-scripts', '--no-audit', '--no-fund']);
}

/** Runs npm for this folder, whatever the npm that called was asked to do. */
function runNpm(args) {
  const inherited = Object.entries(process.env).filter(
    ([name]) => !/^npm_config_(global|location|prefix|omit)$/i.test(name),
  );
  execFileSync(process.execPath, [npm ?? 'npm', ...args], {
    stdio: 'inherit',
    env: Object.fromEntries(inherited),
  });
}
