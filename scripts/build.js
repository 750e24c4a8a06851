/**
 * `npm run build`: the compiler makes `build/` of `src/`, file by file, and a bundler makes `dist/` of that, which is what
 * users run. A start loads a few files in place of 700, and of packages only the parts that are used
 * (docs/decisions/bundle.md has the figures).
 *
 * Both are written in spite of type errors, so that tests can run on the code of now; the exit status tells.
 */
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';

process.chdir(fileURLToPath(new URL('..', import.meta.url)));

/** What runs as a process or thread of its own; `src/program-files.ts` finds them by the same names. */
const PROGRAMS = /(?:^cli|(?:^|\/)worker|-thread)\.js$/;

/**
 * Packages that stay as they are installed: those of which many starts need nothing (of the compilers of schemas that
 * Fastify brings none does, see `proxy/server.ts`, and they are 1 MB), those with native code, and those
 * that other programs reach into by their name (`pino` and `@opentelemetry/api`, for traces).
 */
const INSTALLED = [
  '@aws-sdk/client-s3',
  '@aws-sdk/lib-storage',
  '@opentelemetry/api',
  '@fastify/ajv-compiler',
  '@fastify/fast-json-stringify-compiler',
  'bcrypt',
  'cli-progress',
  'pino',
  'pino-pretty',
  'redis',
];

await made('build', (dir) => {
  const tsc = ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json', '--outDir', dir];
  const { status } = spawnSync(process.execPath, tsc, { stdio: 'inherit' });
  process.exitCode = status ?? 1;
});
await made('dist', async (dir) => {
  await bundle(dir);
  cpSync('src/web/static', path.join(dir, 'web/static'), { recursive: true });
  chmodSync(path.join(dir, 'cli.js'), 0o755);
});

/** Makes a folder anew beside the old one, which stays whole until the new one takes its place. */
async function made(name, make) {
  const [next, last] = [`${name}.${process.pid}.next`, `${name}.${process.pid}.last`];
  try {
    await make(next);
    if (existsSync(name)) renameSync(name, last);
    renameSync(next, name);
  } finally {
    for (const dir of [next, last]) rmSync(dir, { recursive: true, force: true });
  }
}

async function bundle(dir) {
  const programs = readdirSync('build', { recursive: true, encoding: 'utf8' }).filter((name) =>
    PROGRAMS.test(name),
  );
  const input = programs.map((name) => [name.slice(0, -'.js'.length), path.join('build', name)]);
  const build = await rolldown({ input: Object.fromEntries(input), platform: 'node', external: INSTALLED });
  const { output } = await build.write({
    dir,
    // Node 20 takes compiled code for nothing else (src/compiled-code.ts), and loads it faster.
    format: 'cjs',
    // V8 of Node 20 forgets of kept code how its import() is answered.
    dynamicImportInCjs: false,
    // As ES modules are, which most of it was written as.
    strict: true,
    // A third of the text, which each start would read; the sources and `build/` have them.
    comments: { legal: false, jsdoc: false, annotation: false },
    entryFileNames: '[name].js',
    // Side by side: `programFile` takes its own place for the top.
    chunkFileNames: '[name]-[hash].js',
    banner: notice(),
  });
  await build.close();
  const importing = output.filter((part) => part.type === 'chunk' && /\bimport\(/.test(part.code));
  if (importing.length > 0) {
    throw new Error(`import() is left in ${importing.map((part) => part.fileName).join(', ')}`);
  }
  writeFileSync(path.join(dir, 'package.json'), '{ "type": "commonjs" }\n');
}

/** Says where the licences of what is in the bundle are. */
function notice() {
  const { name, version } = JSON.parse(readFileSync('package.json', 'utf8'));
  return `/* ${name} ${version}. The licences of the packages in this file are in node_modules. */`;
}
