/**
 * Which folder of `src` may import which: one table, absolute, checked by ESLint (`import-x/no-restricted-paths`).
 *
 * A zone is a folder without its sub-folders, or one file directly in `src`. A sub-folder is a zone of its own, so that
 * an interface and what lies behind it can have different friends. What is not in a row is refused, in whatever form it
 * is imported: value, type, re-export or `import()`. A folder without a row is an error when the config is loaded.
 */
import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('..', import.meta.url));
const SRC = path.join(ROOT, 'src');

/** What the whole house stands on; every zone but these may import them. */
const GROUND = [
  'errors.ts',
  'program-files.ts',
  'redact.ts',
  'secrets.ts',
  'shell-word.ts',
  'size-text.ts',
  'timers.ts',
];

/**
 * The zones of `src`, from the bottom up: a row names only rows above it, and each of them is imported. Itself is always allowed.
 * @type {Record<string, string[]>}
 */
export const MAY_IMPORT = {
  'errors.ts': [],
  'program-files.ts': [],
  'secrets.ts': [],
  'redact.ts': ['secrets.ts'],
  'shell-word.ts': [],
  'size-text.ts': [],
  'timers.ts': [],
  'compiled-code.ts': [],
  'start-signals.ts': [],
  observe: [],
  concurrency: ['observe'],
  fs: [],
  log: ['concurrency', 'fs', 'observe'],
  'module/address': [],
  module: ['module/address'],
  'module/files': ['module'],
  http: ['fs'],
  zip: ['module/files', 'module', 'fs', 'concurrency'],
  s3: [],
  redis: ['concurrency'],
  store: ['module/files', 'module', 'fs', 'zip', 'concurrency', 'observe'],
  'store/disk': ['module', 'fs', 'store'],
  'store/bucket': ['module', 'fs', 'zip', 'concurrency', 's3', 'store'],
  'store/open': ['fs', 'zip', 's3', 'store', 'store/disk', 'store/bucket'],

  catalog: ['module', 'store'],

  'vcs/names': ['module'],
  'vcs/transport': ['module', 'fs', 'concurrency', 'http', 'observe', 'vcs/names'],
  'vcs/ssh': ['fs'],
  'vcs/failures': ['module', 'vcs/ssh', 'vcs/transport'],
  'vcs/objects': ['module', 'fs', 'concurrency', 'vcs/names', 'vcs/transport'],
  'vcs/bare': ['fs', 'vcs/names', 'vcs/transport', 'vcs/objects'],
  'vcs/smart-http': [
    'module',
    'vcs/names',
    'fs',
    'concurrency',
    'http',
    'vcs/transport',
    'vcs/objects',
    'vcs/bare',
  ],
  'vcs/remote': [
    'module',
    'vcs/names',
    'fs',
    'concurrency',
    'observe',
    'vcs/transport',
    'vcs/ssh',
    'vcs/failures',
    'vcs/objects',
    'vcs/bare',
    'vcs/smart-http',
  ],
  'vcs/mirror': [
    'module',
    'vcs/names',
    'fs',
    'concurrency',
    'vcs/transport',
    'vcs/objects',
    'vcs/bare',
    'vcs/smart-http',
    'vcs/remote',
  ],
  vcs: [
    'module',
    'vcs/names',
    'fs',
    'concurrency',
    'vcs/transport',
    'vcs/objects',
    'vcs/bare',
    'vcs/smart-http',
    'vcs/remote',
    'vcs/mirror',
  ],

  yaml: ['fs'],
  config: ['module', 'module/address', 'fs', 's3', 'yaml'],
  vanity: ['module', 'fs', 'yaml'],
  auth: ['concurrency', 'module', 'yaml', 'config', 'log', 'fs'],
  'modfetch/repository': ['module', 'vanity', 'vcs'],
  'modfetch/zip': ['module/files', 'module', 'zip', 'vcs'],
  modfetch: [
    'modfetch/repository',
    'modfetch/zip',
    'module',
    'zip',
    'store',
    'vcs',
    'vanity',
    'concurrency',
    'observe',
  ],
  'modfetch/sources': ['module', 'concurrency', 'observe', 'fs', 'store', 'modfetch'],
  discovery: ['module', 'http', 'concurrency'],

  'sumdb/format': ['module'],
  sumdb: [],
  'sumdb/log': [
    'module/files',
    'module',
    'fs',
    'concurrency',
    'observe',
    'store',
    'modfetch',
    'sumdb',
    'sumdb/format',
  ],
  upstream: [
    'module/address',
    'module/files',
    'module',
    'fs',
    'concurrency',
    'observe',
    'http',
    'zip',
    'store',
    'modfetch',
  ],
  'sumdb/client': ['module', 'fs', 'concurrency', 'store', 'upstream', 'sumdb', 'sumdb/format'],

  verify: [
    'module/files',
    'module',
    'zip',
    'store',
    'store/disk',
    'vcs',
    'vanity',
    'modfetch',
    'modfetch/repository',
    'concurrency',
    'observe',
  ],
  transfer: [
    'module/files',
    'module',
    'fs',
    'store',
    'store/disk',
    'modfetch',
    'verify',
    'sumdb/format',
    'sumdb/client',
    'concurrency',
  ],
  webhook: ['module', 'vcs', 'vanity', 'modfetch', 'modfetch/repository', 'concurrency', 'auth'],

  'proxy/http': ['concurrency', 'store', 'modfetch'],
  proxy: ['module', 'store', 'modfetch', 'vanity', 'sumdb', 'log', 'concurrency', 'observe', 'proxy/http'],
  'proxy/observers': ['store', 'log', 'proxy'],
  'proxy/access': ['concurrency', 'auth', 'sumdb/format', 'proxy', 'proxy/http'],
  metrics: ['observe', 'proxy'],
  tracing: ['observe'],
  // What the pages show, how it looks, and who may see it.
  'web/content': ['observe', 'module', 'store', 'zip', 'catalog', 'modfetch'],
  'web/pages': ['module', 'catalog', 'web/content'],
  web: [
    ...['module', 'store', 'zip', 'catalog', 'modfetch', 'vanity'],
    ...['proxy', 'proxy/http', 'proxy/access', 'web/content', 'web/pages'],
  ],
  workers: [
    'auth',
    'metrics',
    'observe',
    'tracing',
    'config',
    'log',
    'proxy',
    'proxy/http',
    'proxy/access',
    'proxy/observers',
    'store',
    'store/open',
    'concurrency',
    'compiled-code.ts',
  ],

  'checksum-services.ts': [
    'fs',
    'log',
    'store',
    'modfetch',
    'upstream',
    'sumdb',
    'sumdb/log',
    'sumdb/client',
  ],
  'services.ts': [
    'checksum-services.ts',
    'concurrency',
    'auth',
    'catalog',
    'config',
    'log',
    'module',
    'http',
    'observe',
    'store',
    'store/open',
    'vcs',
    'vanity',
    'modfetch',
    'modfetch/sources',
    'discovery',
    'upstream',
    'sumdb',
    'sumdb/log',
    'verify',
  ],
  gc: [
    'catalog',
    'sumdb/format',
    'config',
    'log',
    'module',
    'fs',
    'store',
    'store/open',
    'vcs/bare',
    'vcs/mirror',
    'vanity',
    'modfetch',
    'observe',
  ],
  'server-report.ts': [
    'auth',
    'config',
    'gc',
    'log',
    'metrics',
    'observe',
    'proxy',
    'proxy/access',
    'proxy/http',
    'redis',
    'services.ts',
    'vanity',
    'vcs',
    'vcs/transport',
    'yaml',
  ],
  'visitors.ts': ['auth', 'modfetch', 'proxy', 'proxy/access', 'services.ts', 'vanity'],
  'pages.ts': ['catalog', 'config', 'proxy', 'proxy/http', 'vanity', 'web', 'services.ts'],
  'replica-pushes.ts': ['log', 'redis', 'services.ts', 'vanity', 'webhook'],
  'generation.ts': [
    'replica-pushes.ts',
    'pages.ts',
    'visitors.ts',
    'services.ts',
    'web',
    'webhook',
    'workers',
    'redis',
    'concurrency',
    'config',
    'log',
    'store',
    'store/open',
    'gc',
    'vanity',
    'proxy',
    'proxy/http',
    'auth',
  ],
  'app.ts': [
    'generation.ts',
    'concurrency',
    'workers',
    'observe',
    'metrics',
    'server-report.ts',
    'config',
    'log',
    'store',
    'gc',
    'vanity',
    'proxy',
    'proxy/http',
    'proxy/access',
    'proxy/observers',
    'auth',
    'http',
    'services.ts',
  ],

  'cli/terminal': [],
  'cli/probe': [
    'config',
    'auth',
    'module',
    'redis',
    'store',
    'store/open',
    'vcs',
    'vcs/transport',
    'vanity',
    'modfetch',
    'modfetch/repository',
    'proxy/http',
    'cli/terminal',
  ],
  'cli/output': ['config', 'module', 'vcs/transport', 'verify', 'transfer', 'cli/probe', 'cli/terminal'],
  'cli/common': [
    'concurrency',
    'config',
    'log',
    'fs',
    'store',
    'store/open',
    'verify',
    'transfer',
    'cli/terminal',
    'cli/output',
  ],
  cli: [
    'start-signals.ts',
    'cli/common',
    'auth',
    'tracing',
    'config',
    'yaml',
    'log',
    'module',
    'fs',
    'gc',
    'store',
    'store/open',
    'vcs',
    'vcs/ssh',
    'vcs/remote',
    'vcs/transport',
    'vanity',
    'modfetch',
    'sumdb/format',
    'sumdb/log',
    'verify',
    'transfer',
    'workers',
    'services.ts',
    'app.ts',
    'cli/terminal',
    'cli/probe',
    'cli/output',
  ],
  'cli/commands': ['log', 'cli', 'cli/common', 'cli/output', 'cli/terminal'],
  'cli.ts': ['cli/commands', 'compiled-code.ts', 'concurrency', 'start-signals.ts'],
  'json-schemas.ts': ['config', 'vanity'],
};

/**
 * Npm packages and built-ins that only these zones may import; a package that is not here is free to all.
 * @type {Record<string, string[]>}
 */
export const ONLY_IN = {
  commander: ['cli/commands', 'cli/common'],
  'cli-progress': ['cli/terminal'],
  fastify: ['generation.ts', 'metrics', 'proxy', 'proxy/http', 'web', 'webhook'],
  'pino-pretty': ['log'],
  'proper-lockfile': ['fs'],
  'prom-client': ['metrics'],
  '@opentelemetry/api': ['tracing'],
  'range-parser': ['proxy/http'],
  '@aws-sdk': ['s3'],
  redis: ['redis'],
  preact: ['web', 'web/pages'],
  'preact-render-to-string': ['web'],
  'markdown-it': ['web/content'],
  undici: ['http'],
  bcrypt: ['auth'],
  jose: ['auth'],
  yaml: ['yaml', 'auth'],
  yauzl: ['zip'],
  'node:child_process': ['vcs/transport', 'vcs/ssh', 'vcs/remote'],
  'node:cluster': ['workers'],
};

/** Zones that compute and do nothing else: no package, and of the built-ins only these. */
export const PURE = [
  'errors.ts',
  'redact.ts',
  'secrets.ts',
  'shell-word.ts',
  'size-text.ts',
  'timers.ts',
  'concurrency',
  'module/address',
  'module',
  'module/files',
  'sumdb/format',
];
const PURE_BUILTINS = ['node:async_hooks', 'node:crypto', 'node:net', 'node:path', 'node:url', 'node:util'];

/** Every folder of `src` that holds a source file, and every file directly in it, as the table names them. */
export function zonesOnDisk() {
  const files = readdirSync(SRC, { recursive: true, encoding: 'utf8' }).filter((name) =>
    /\.tsx?$/.test(name),
  );
  return [...new Set(files.map((name) => zoneOf(name)))].sort();
}

/** The zone of a file, given relative to `src`. */
export function zoneOf(file) {
  const posix = file.split(path.sep).join('/');
  const dir = path.posix.dirname(posix);
  return dir === '.' ? posix : dir;
}

/** What `zone` may import, itself included. */
export function allowedFor(zone) {
  const ground = GROUND.includes(zone) ? [] : GROUND;
  return [...new Set([zone, ...ground, ...(MAY_IMPORT[zone] ?? [])])];
}

/** Throws where the table and the folders are not the same. */
export function assertTableIsComplete() {
  const known = Object.keys(MAY_IMPORT);
  const missing = zonesOnDisk().filter((zone) => !known.includes(zone));
  if (missing.length > 0) {
    throw new Error(
      `lint/zones.js: src/${missing.join(', src/')}: say in MAY_IMPORT what it may import, and what may import it`,
    );
  }
  const gone = known.filter((zone) => !existsSync(path.join(SRC, zone)));
  const stray = Object.values(MAY_IMPORT)
    .flat()
    .filter((name) => !known.includes(name));
  if (gone.length + stray.length > 0) {
    throw new Error(`lint/zones.js: no such zone any more: ${[...new Set([...gone, ...stray])].join(', ')}`);
  }
}

/**
 * The configuration of ESLint that holds the table, one entry a zone.
 * @returns {import('eslint').Linter.Config[]}
 */
export function zoneConfigs() {
  return Object.keys(MAY_IMPORT).map((zone) => ({
    name: `zone ${zone}`,
    files: [`src/${pattern(zone)}`],
    rules: {
      'import-x/no-restricted-paths': [
        'error',
        {
          basePath: ROOT,
          zones: [
            {
              target: path.join(SRC, pattern(zone)),
              from: path.join(ROOT, '**/*.{ts,tsx,js}'),
              // Packages are not zones, but a resolver finds them on disk, too.
              except: [
                path.join(ROOT, 'node_modules/**/*'),
                ...allowedFor(zone).map((name) => path.join(SRC, pattern(name))),
              ],
              message: `${zone} may import ${allowedFor(zone).join(', ')} (lint/zones.js).`,
            },
          ],
        },
      ],
      'no-restricted-imports': ['error', { patterns: refusedPackages(zone) }],
    },
  }));
}

/** A glob for the files of a zone and of no sub-folder. The class makes a glob of a plain name, as the rule demands. */
function pattern(zone) {
  return zone.endsWith('.ts') ? `${zone.slice(0, -3)}.[t]s` : `${zone}/*.{ts,tsx}`;
}

function refusedPackages(zone) {
  if (PURE.includes(zone)) {
    const allowed = PURE_BUILTINS.map((name) => `${name}$`).join('|');
    return [{ regex: `^(?!\\.|${allowed})`, message: `${zone} is pure (lint/zones.js).` }];
  }
  return Object.entries(ONLY_IN)
    .filter(([, zones]) => !zones.includes(zone))
    .map(([name, zones]) => ({
      regex: `^${name}(?:/|$)`,
      message: `only ${zones.join(', ')} may import it (lint/zones.js).`,
    }));
}
