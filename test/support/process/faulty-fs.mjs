/**
 * A file system that fails at one operation: imported first, it stands in front of `node:fs`, for a test in its own process
 * or, by `NODE_OPTIONS=--import`, for a program. The `at`-th operation below `root` that `code` can happen to fails with it;
 * a write has written half by then. Children are not touched. With `hang` in place of `at` and `code` every operation below
 * `root` waits, as on a network file system whose server is away, until there is another plan: what is done at once holds up the
 * whole process.
 *
 * In a program the plan lies in the file that FAULTY_FS_PLAN names: `{ "id", "root", "at", "code" }`; a new id counts anew.
 * What became of it is written beside it, into `PLAN.fired`.
 */
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { setTimeout as sleep } from 'node:timers/promises';

/** What can happen to which kinds of operations. */
const KINDS = {
  ENOSPC: new Set(['create', 'write', 'name']),
  EIO: new Set(['create', 'write', 'name', 'sync', 'remove', 'open', 'read']),
  EMFILE: new Set(['create', 'open']),
};

const { readFileSync, writeFileSync } = fs;
const planFile = process.env.FAULTY_FS_PLAN;
let plan;
let count = 0;
/** Paths of the files that are open, by descriptor. */
const open = new Map();

/** From now on the `at`-th operation fails, from 1 on. */
export function plant(next) {
  plan = next;
  count = 0;
}

/** Whether the fault happened; no other does from now on. */
export function pull() {
  const hasFired = plan !== undefined && count >= plan.at;
  plan = undefined;
  return hasFired;
}

/** Whether the disk of `path` hangs. */
function hangs(path) {
  if (planFile === undefined) return false;
  readPlan();
  return plan?.hang === true && typeof path === 'string' && path.startsWith(plan.root);
}

/** How often it is looked whether a disk still hangs, in milliseconds. */
const LOOK_MS = 20;
const cell = new Int32Array(new SharedArrayBuffer(4));

function standStill(path) {
  while (hangs(path)) Atomics.wait(cell, 0, 0, LOOK_MS);
}

async function waitFor(path) {
  while (hangs(path)) await sleep(LOOK_MS);
}

function readPlan() {
  if (planFile === undefined) return;
  try {
    const next = JSON.parse(readFileSync(planFile, 'utf8'));
    if (next.id === undefined) plan = undefined;
    else if (next.id !== plan?.id) plant(next);
  } catch {
    plan = undefined;
  }
}

/** The fault of this operation; undefined if it goes on. */
function faultOf(kind, path, syscall) {
  readPlan();
  if (plan === undefined || plan.hang === true || typeof path !== 'string' || !path.startsWith(plan.root)) {
    return undefined;
  }
  if (!KINDS[plan.code].has(kind)) return undefined;
  count += 1;
  if (count !== plan.at) return undefined;
  if (planFile !== undefined) writeFileSync(`${planFile}.fired`, `${plan.id}`);
  const text = `${plan.code}: planted, ${syscall} '${path}'`;
  return Object.assign(new Error(text), { code: plan.code, errno: -5, syscall, path });
}

const isWriting = (flags) => (typeof flags === 'string' ? /[wa+]/.test(flags) : ((flags ?? 0) & 3) !== 0);

/** By the name of a function: the kind of what it does, and what it does it to; the rest of its work goes on by `half`. */
const OF_PATHS = {
  rename: 'name',
  link: 'name',
  symlink: 'name',
  mkdir: 'name',
  mkdtemp: 'name',
  copyFile: 'write',
  writeFile: 'write',
  appendFile: 'write',
  truncate: 'write',
  utimes: 'write',
  unlink: 'remove',
  rmdir: 'remove',
  rm: 'remove',
  readFile: 'read',
  readdir: 'open',
  opendir: 'open',
};
/** These can fail as well, but no plan has them do so. */
const LOOKS = ['stat', 'lstat', 'access', 'exists', 'statfs', 'realpath'];
const OF_DESCRIPTORS = {
  write: 'write',
  writev: 'write',
  fsync: 'sync',
  fdatasync: 'sync',
  ftruncate: 'write',
  futimes: 'write',
  read: 'read',
};

const pathOf = (target) => (typeof target === 'number' ? open.get(target) : target);

/** Half of what would be written. */
function writeHalf(name, args) {
  if (!/^(?:write|appendFile)/.test(name)) return;
  const [target, content] = args;
  const bytes = typeof content === 'string' ? Buffer.from(content) : content;
  if (!(bytes instanceof Uint8Array)) return;
  const [offset = 0, length = bytes.length] = typeof args[2] === 'number' ? [args[2], args[3]] : [];
  const half = bytes.subarray(offset, offset + (length >> 1));
  try {
    if (typeof target === 'number') real.writeSync(target, half);
    else real[name === 'appendFile' ? 'appendFileSync' : 'writeFileSync'](target, half);
  } catch {
    // It fails all the same.
  }
}

const real = { ...fs };
const realPromises = { ...fs.promises };

function wrapSync(name, kindOf) {
  const original = real[`${name}Sync`];
  if (original === undefined) return;
  fs[`${name}Sync`] = function (...args) {
    standStill(pathOf(args[0]));
    const fault = faultOf(kindOf(args), pathOf(args[0]), name);
    if (fault !== undefined) {
      writeHalf(name, args);
      throw fault;
    }
    const result = original.apply(this, args);
    if (name === 'open') open.set(result, String(args[0]));
    return result;
  };
}

function wrapCallback(name, kindOf) {
  const original = real[name];
  if (original === undefined) return;
  const wrapped = function (...args) {
    const fault = faultOf(kindOf(args), pathOf(args[0]), name);
    const done = args.at(-1);
    if (fault !== undefined) {
      writeHalf(name, args);
      process.nextTick(done, fault);
      return undefined;
    }
    if (hangs(pathOf(args[0]))) {
      void waitFor(pathOf(args[0])).then(() => fs[name](...args));
      return undefined;
    }
    if (name === 'open') {
      args[args.length - 1] = (error, descriptor) => {
        if (!error) open.set(descriptor, String(args[0]));
        done(error, descriptor);
      };
    }
    return original.apply(this, args);
  };
  // What util.promisify makes of it has several results.
  for (const key of Object.getOwnPropertySymbols(original)) {
    const promised = original[key];
    if (typeof promised !== 'function') {
      Object.defineProperty(wrapped, key, { value: promised });
      continue;
    }
    wrapped[key] = async (...args) => {
      await waitFor(pathOf(args[0]));
      const fault = faultOf(kindOf(args), pathOf(args[0]), name);
      if (fault === undefined) return promised(...args);
      writeHalf(name, args);
      throw fault;
    };
  }
  fs[name] = wrapped;
}

function wrapPromise(name, kindOf) {
  const original = realPromises[name];
  if (original === undefined) return;
  fs.promises[name] = async function (...args) {
    await waitFor(args[0]);
    const fault = faultOf(kindOf(args), pathOf(args[0]), name);
    if (fault !== undefined) {
      writeHalf(name, args);
      throw fault;
    }
    const result = await original.apply(this, args);
    if (name === 'open') wrapHandle(result, String(args[0]));
    return result;
  };
}

const OF_HANDLES = {
  write: 'write',
  writev: 'write',
  writeFile: 'write',
  appendFile: 'write',
  truncate: 'write',
  utimes: 'write',
  sync: 'sync',
  datasync: 'sync',
  read: 'read',
  readFile: 'read',
};

function wrapHandle(handle, path) {
  open.set(handle.fd, path);
  for (const [name, kind] of Object.entries(OF_HANDLES)) {
    const original = handle[name];
    handle[name] = async function (...args) {
      await waitFor(path);
      const fault = faultOf(kind, path, name);
      if (fault === undefined) return original.apply(handle, args);
      writeHalf(name, [handle.fd, ...args]);
      throw fault;
    };
  }
}

const openKind = ([, flags]) => (isWriting(flags) ? 'create' : 'open');
for (const wrap of [wrapSync, wrapCallback, wrapPromise]) {
  wrap('open', openKind);
  for (const [name, kind] of Object.entries(OF_PATHS)) wrap(name, () => kind);
  // `fs.exists` itself has no error to give, and nothing here calls it.
  for (const name of LOOKS) if (name !== 'exists' || wrap === wrapSync) wrap(name, () => 'look');
}
for (const wrap of [wrapSync, wrapCallback]) {
  for (const [name, kind] of Object.entries(OF_DESCRIPTORS)) wrap(name, () => kind);
}
syncBuiltinESMExports();
