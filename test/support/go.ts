/**
 * The real `go` command with nothing of its own: fresh module cache, no user settings, no toolchain switching, no
 * checksum database unless a test gives one. It goes where GOPROXY of the test says and nowhere else.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Stoppable } from './loopback.js';
import { run, type Env, type RunOptions, type RunResult } from './run.js';
import { removeTree, tempDir } from './tmp.js';

/** Shared by all tests and runs: its entries are named by the hash of their input, so sharing cannot show. */
const BUILD_CACHE = fileURLToPath(new URL('../../node_modules/.cache/go-build', import.meta.url));

/** What `go mod download -json` prints; absent fields are left out by go. */
export interface Download {
  Path: string;
  Version?: string;
  Query?: string;
  Error?: string;
  Info?: string;
  GoMod?: string;
  Zip?: string;
  Dir?: string;
  /** `h1:` hash of the zip. */
  Sum?: string;
  /** `h1:` hash of the go.mod file. */
  GoModSum?: string;
  Origin?: Record<string, unknown>;
}

/** What `go list -m -json` prints; absent fields are left out by go. */
export interface ListedModule {
  Path: string;
  Version?: string;
  Versions?: string[];
  Time?: string;
  GoMod?: string;
  GoVersion?: string;
  Retracted?: string[];
  Deprecated?: string;
  Error?: { Err: string };
  Origin?: Record<string, unknown>;
}

export interface GoClient extends Stoppable {
  /** The folder go runs in: a main module `example.test/main` without requirements, for tests to write to. */
  readonly dir: string;
  /** GOMODCACHE. */
  readonly modCache: string;
  /** Runs `go ARGS`; never throws for what go does. */
  run(...args: string[]): Promise<RunResult>;
  /** `go mod download -json MODULE@QUERY`. A failure go describes is in `Error`; any other throws. */
  downloadJson(query: string): Promise<Download>;
  /** `go list -m -json ARGS`, all modules printed. Throws when go fails without saying so in JSON. */
  listJson(...args: string[]): Promise<ListedModule[]>;
  /** The versions `go list -m -versions` shows, lowest first; throws with go's words. */
  versions(module: string): Promise<string[]>;
}

/** `env`: GOPROXY (required, there is no default that would be safe) and whatever else the test is about. */
export async function goClient(env: Env & { GOPROXY: string }, options: RunOptions = {}): Promise<GoClient> {
  const home = await tempDir('go');
  const dir = path.join(home, 'main');
  const modCache = path.join(home, 'mod');
  await mkdir(dir);
  await mkdir(BUILD_CACHE, { recursive: true });
  // Only this file turns it off, not a variable; otherwise a child outlives go and still writes below HOME.
  await mkdir(path.join(home, '.config/go/telemetry'), { recursive: true });
  await writeFile(path.join(home, '.config/go/telemetry/mode'), 'off');
  await writeFile(path.join(dir, 'go.mod'), 'module example.test/main\n\ngo 1.21\n');
  const full: Env = {
    HOME: home,
    GOPATH: path.join(home, 'gopath'),
    GOMODCACHE: modCache,
    GOCACHE: BUILD_CACHE,
    GOENV: 'off',
    GOFLAGS: '-modcacherw',
    GOTOOLCHAIN: 'local',
    GOSUMDB: 'off',
    CGO_ENABLED: '0',
    ...env,
  };
  const go = async (...args: string[]): Promise<RunResult> =>
    run('go', args, { cwd: dir, timeoutMs: 300_000, ...options, env: full });
  const listJson = async (...args: string[]): Promise<ListedModule[]> =>
    jsonStream<ListedModule>(await go('list', '-m', '-json', ...args));
  const stop = async (): Promise<void> => {
    removeTree(home);
    return Promise.resolve();
  };
  return {
    dir,
    modCache,
    run: go,
    listJson,
    downloadJson: async (query) => {
      const [download] = jsonStream<Download>(await go('mod', 'download', '-json', query));
      if (download === undefined) throw new Error(`go mod download -json ${query} printed nothing`);
      return download;
    },
    versions: async (module) => {
      const [listed] = await listJson('-versions', module);
      if (listed?.Error) throw new Error(listed.Error.Err);
      return listed?.Versions ?? [];
    },
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

/** go prints indented objects one after the other: each ends at the first line that is just `}`. */
function jsonStream<T>(result: RunResult): T[] {
  const texts = result.stdout.match(/^\{$[^]*?^\}$/gm) ?? [];
  if (texts.length === 0 && result.code !== 0) throw new Error(result.stderr);
  return texts.map((text) => JSON.parse(text) as T);
}
