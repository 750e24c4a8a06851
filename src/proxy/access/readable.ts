/**
 * Which of many modules the sender of a request may read: for pages that show each visitor what is theirs to see (the list
 * of modules, the index, search, who uses a module).
 *
 * The gate has let the request through before, so a wrong login has been counted there. Private modules that a visitor may
 * not read must show neither in numbers nor in how long a page takes. So pages ask about all modules, whatever was searched
 * for, and search, count and page through those that are left. A page made so is for its visitor alone; it is not kept in
 * the response cache.
 */
import pLimit from 'p-limit';
import type { AccessState } from '../../auth/access.js';
import type { HostQuestion, HostRights } from '../../auth/git-host.js';
import { decideAccess } from '../../auth/read-access.js';
import type { Readable } from '../gate.js';

export interface AccessToModules {
  /** Undefined: everybody may read everything. */
  access: () => AccessState | undefined;
  isPrivate: (path: string) => boolean;
}

/** Questions to git hosts that one list asks at a time. */
const CONCURRENT = 8;
/**
 * How long a page waits for git hosts, in milliseconds. What they have not said yes to by then is left out; what they say later is
 * kept, so that the next page shows more.
 */
const TIMEOUT_MS = 2_000;

export function createReadable(options: AccessToModules): Readable {
  return async ({ headers: { authorization } }, modules, { timeoutMs = TIMEOUT_MS, first } = {}) => {
    const access = options.access();
    if (access === undefined) return { paths: new Set(modules), isComplete: true };
    const identity = await access.authenticator.identify(authorization);
    const known = access.hostRights?.knownTo(authorization);
    const paths = new Set<string>();
    const undecided: HostedModule[] = [];
    for (const path of modules) {
      const resource = { kind: 'module', path, isPrivate: options.isPrivate(path) } as const;
      const decision = decideAccess(access.settings, resource, identity);
      if (decision.kind === 'allowed') paths.add(path);
      if (decision.kind !== 'host-decides') continue;
      const verdict = known?.(decision.question);
      if (verdict === undefined) undecided.push({ path, question: decision.question });
      else if (verdict.kind === 'may-read') paths.add(path);
    }
    if (undecided.length === 0) return { paths, isComplete: true };
    const { allowed, isComplete } = await askHosts(undecided, {
      hostRights: access.hostRights,
      authorization,
      timeoutMs,
      first,
    });
    for (const path of allowed) paths.add(path);
    return { paths, isComplete };
  };
}

interface HostedModule {
  path: string;
  question: HostQuestion;
}

interface HostAsking {
  hostRights: HostRights | undefined;
  authorization: string | undefined;
  timeoutMs: number;
  first: ((path: string) => boolean) | undefined;
}

/** What hosts allow within a time. One that cannot be asked allows nothing; the rest of the list is shown all the same. */
async function askHosts(
  modules: readonly HostedModule[],
  { hostRights, authorization, timeoutMs, first }: HostAsking,
): Promise<{ allowed: string[]; isComplete: boolean }> {
  if (hostRights === undefined) return { allowed: [], isComplete: false };
  // One timer for all: each of its own may be over a little before the time is, and another question would begin.
  const over = new AbortController();
  const timer = setTimeout(() => over.abort(), timeoutMs);
  if (timeoutMs <= 0) over.abort();
  const limit = pLimit(CONCURRENT);
  const allowed: string[] = [];
  let isComplete = true;
  const ask = async ({ path, question }: HostedModule) => {
    const verdict = await inTime(() => hostRights.judge(question, authorization), over.signal);
    if (verdict === undefined) isComplete = false;
    else if (verdict.kind === 'may-read') allowed.push(path);
  };
  await Promise.all(inOrder(modules, first).map((module) => limit(() => ask(module))));
  clearTimeout(timer);
  return { allowed, isComplete };
}

function inOrder(modules: readonly HostedModule[], first: HostAsking['first']): readonly HostedModule[] {
  if (first === undefined) return modules;
  const isFirst = modules.map(({ path }) => first(path));
  return [...modules.filter((_, index) => isFirst[index]), ...modules.filter((_, index) => !isFirst[index])];
}

/** Undefined where that fails, or is not done when `over` is aborted; it is not begun after that. */
async function inTime<T>(work: () => T | Promise<T>, over: AbortSignal): Promise<T | undefined> {
  if (over.aborted) return undefined;
  let isOver = (): void => undefined;
  const tooLate = new Promise<undefined>((resolve) => {
    isOver = () => resolve(undefined);
    over.addEventListener('abort', isOver);
  });
  const done = Promise.resolve()
    .then(work)
    .catch(() => undefined);
  return Promise.race([done, tooLate]).finally(() => over.removeEventListener('abort', isOver));
}
