/**
 * `npm start`: serves the demo of config/, in this process, so that a signal to npm reaches the server. Where `npm ci` has
 * not run, it says that in place of a stack trace.
 */
import { existsSync, readFileSync } from 'node:fs';

const ROOT = new URL('../', import.meta.url);
const PROGRAM = new URL('dist/cli.js', ROOT);
const CONFIG = 'config/modhaven.yaml';

/** What has to be done first; undefined when everything is there. */
function firstStep() {
  const { dependencies } = JSON.parse(readFileSync(new URL('package.json', ROOT), 'utf8'));
  const missing = Object.keys(dependencies).filter(
    (name) => !existsSync(new URL(`node_modules/${name}/`, ROOT)),
  );
  if (missing.length > 0) {
    return `packages are not installed (${missing.slice(0, 3).join(', ')}, ...): run "npm ci"`;
  }
  return existsSync(PROGRAM) ? undefined : 'it is not built: run "npm ci", or "npm run build"';
}

const step = firstStep();
if (step === undefined) {
  process.argv.splice(1, 1, PROGRAM.pathname, 'serve', '--config', CONFIG);
  await import(PROGRAM.href);
} else {
  process.stderr.write(`modhaven: ${step} first, then "npm start" again\n`);
  process.exitCode = 2;
}
