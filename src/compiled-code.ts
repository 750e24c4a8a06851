/**
 * Keeps what V8 made of the program for the next start, which otherwise compiles everything again: 310 ms of processor time
 * in place of 210 (docs/decisions/bundle.md). Node does that by itself from version 22 on. For Node 20 it is done here, for the
 * files of the bundle; they are CommonJS because V8 takes compiled code for scripts, but Node 20 gives it none for ES modules. None of
 * them has an `import()`, which kept code could not answer (scripts/build.js).
 *
 * The place is below the account's own cache folder, never a temporary one, where another account could leave code for us.
 * Where it cannot be written, nothing is kept, and everything works as well.
 */
import { createHash } from 'node:crypto';
import {
  accessSync,
  closeSync,
  constants,
  existsSync,
  fstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import module from 'node:module';
import { homedir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { cachedDataVersionTag } from 'node:v8';
import vm from 'node:vm';
import { programFile } from './program-files.js';

/** Absent from the Node that this is compiled for. */
interface CompileCache {
  enableCompileCache?: (dir: string) => unknown;
}

/** The part of Node's modules that compiles one: not documented, but what every tool of the kind has replaced for years. */
interface ModulePrototype {
  _compile: (this: CommonJsModule, text: string, file: string) => unknown;
}

interface CommonJsModule {
  exports: unknown;
}

/** The folder of the bundle. */
const HERE = fileURLToPath(programFile('.'));

/**
 * When a server has started, in milliseconds: what is compiled by then is what a start needs, and little besides. A command
 * that ends before leaves what it has.
 */
const STARTED_MS = 5_000;

/** Of the hash before the code. */
const HASH_BYTES = 32;

/** After a month what an earlier program left is removed. */
const KEPT_MS = 30 * 24 * 3_600_000;

/**
 * To be called before the rest of the program is loaded. The programs share files, but not what they need of them: each keeps its
 * own, or a server would start with what a short command had compiled before it.
 */
export function keepCompiledCode(program: 'serve' | 'worker' | 'command'): void {
  const caches = cacheFolder();
  if (caches === undefined || process.env.NODE_DISABLE_COMPILE_CACHE !== undefined) return;
  const { enableCompileCache } = module as CompileCache;
  const name = enableCompileCache === undefined ? `v8-${cachedDataVersionTag()}` : 'node';
  const dir = path.join(caches, 'modhaven', `${name}-${program}`);
  if (!canBeMade(dir)) return;
  if (enableCompileCache !== undefined) enableCompileCache(dir);
  else new CodeCache(dir).use();
}

/** Undefined for a user id without a passwd entry and without HOME, as containers may have it. */
function cacheFolder(): string | undefined {
  const { XDG_CACHE_HOME: given = '' } = process.env;
  if (path.isAbsolute(given)) return given;
  try {
    return path.join(homedir(), '.cache');
  } catch {
    return undefined;
  }
}

/**
 * Makes `~/.cache/modhaven/NAME` as far as it is not there, but no home that is not there: `recursive` of Node, which its own
 * cache uses as well, never returns where the kernel denies that a folder exists below one that does (/proc).
 */
function canBeMade(dir: string): boolean {
  try {
    for (const folder of [path.dirname(path.dirname(dir)), path.dirname(dir), dir]) {
      makeFolder(folder);
    }
    return true;
  } catch {
    return false;
  }
}

/** Another process may make it at the same time, as workers that start together do. */
function makeFolder(folder: string): void {
  if (existsSync(folder)) return;
  try {
    mkdirSync(folder, { mode: 0o700 });
  } catch (error) {
    if (!existsSync(folder)) throw error;
  }
}

/** Compiled code of the files of the bundle, each behind its hash in a file that is named by the hash of their text. */
class CodeCache {
  readonly #dir: string;
  readonly #missing = new Map<string, vm.Script>();

  constructor(dir: string) {
    this.#dir = dir;
  }

  /** From now on the bundle is compiled with what is kept; what is missing is written once it has started. */
  use(): void {
    const prototype = module.prototype as unknown as ModulePrototype;
    const compile = prototype._compile;
    const scriptOf = (text: string, file: string) => this.#scriptOf(text, file);
    prototype._compile = function (text, file) {
      if (!file.startsWith(HERE)) return compile.call(this, text, file);
      const run = scriptOf(text, file).runInThisContext() as (...wrapped: unknown[]) => unknown;
      const { exports } = this;
      return run.call(exports, exports, module.createRequire(file), this, file, path.dirname(file));
    };
    const write = () => this.#write();
    setTimeout(write, STARTED_MS).unref();
    process.once('exit', write);
  }

  #scriptOf(text: string, file: string): vm.Script {
    const kept = path.join(this.#dir, sha256(text).toString('hex'));
    const script = new vm.Script(module.wrap(text.replace(/^#!.*/, '')), {
      filename: file,
      cachedData: readOwn(kept),
    });
    if (script.cachedDataRejected !== false) this.#missing.set(kept, script);
    return script;
  }

  #write(): void {
    if (this.#missing.size === 0) return;
    try {
      accessSync(this.#dir, constants.W_OK);
      for (const [file, script] of this.#missing) {
        const draft = `${file}.${process.pid}`;
        const code = script.createCachedData();
        writeFileSync(draft, Buffer.concat([sha256(code), code]), { mode: 0o600 });
        renameSync(draft, file);
      }
      removeOld(this.#dir);
    } catch {
      // Nothing can be written there: the next start compiles again.
    }
    this.#missing.clear();
  }
}

function sha256(data: string | Uint8Array): Buffer {
  return createHash('sha256').update(data).digest();
}

/** The code in a file that this account alone can have written, if it is whole: V8 itself does not look. */
function readOwn(file: string): Buffer | undefined {
  let descriptor: number | undefined;
  try {
    descriptor = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK); // a named pipe would be waited for
    const stats = fstatSync(descriptor);
    const { uid, mode } = stats;
    const isOwn = process.getuid === undefined || (uid === process.getuid() && (mode & 0o022) === 0);
    if (!isOwn || !stats.isFile()) return undefined;
    const content = readFileSync(descriptor);
    const code = content.subarray(HASH_BYTES);
    return sha256(code).equals(content.subarray(0, HASH_BYTES)) ? code : undefined;
  } catch {
    return undefined;
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}

function removeOld(dir: string): void {
  for (const name of readdirSync(dir)) {
    const file = path.join(dir, name);
    if (Date.now() - statSync(file).mtimeMs > KEPT_MS) rmSync(file);
  }
}
