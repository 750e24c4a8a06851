/**
 * Which of many modules the sender of a request may read: for pages that show each visitor what is theirs to see (the list
 * of modules, the index, search, who uses a module).
 *
 * The gate has let the request through before, so a wrong login has been counted there. Private modules that a visitor may
 * not read must not show in numbers either: what counts or pages through modules does so after this filter. A page made
 * so is for its visitor alone; it is not kept in the response cache.
 */
import pLimit from 'p-limit';
import type { AccessState } from '../../auth/access.js';
import type { HostQuestion } from '../../auth/git-host.js';
import { decideAccess } from '../../auth/read-access.js';
import type { Readable } from '../gate.js';

export interface ReadableOptions {
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
const PATIENCE_MS = 2_000;

export function createReadable(options: ReadableOptions): Readable {
  return async ({ headers }, modules, patienceMs = PATIENCE_MS) => {
    const access = options.access();
    if (access === undefined) return [...modules];
    const identity = await access.authenticator.identify(headers.authorization);
    const deadline = performance.now() + patienceMs;
    const limit = pLimit(CONCURRENT);
    const decided = await Promise.all(
      modules.map(async (path) => {
        const resource = { kind: 'module', path, isPrivate: options.isPrivate(path) } as const;
        const decision = decideAccess(access.settings, resource, identity);
        if (decision.kind !== 'host-decides') return decision.kind === 'allowed';
        return await limit(() => hostAllows(access, decision.question, headers.authorization, deadline));
      }),
    );
    return modules.filter((_, index) => decided[index]);
  };
}

/** A host that cannot be asked allows nothing; the rest of the list is shown all the same. */
async function hostAllows(
  { hostRights }: AccessState,
  question: HostQuestion,
  header: string | undefined,
  deadline: number,
): Promise<boolean> {
  const leftMs = deadline - performance.now();
  if (hostRights === undefined || leftMs <= 0) return false;
  const verdict = Promise.resolve(hostRights.judge(question, header)).then(({ kind }) => kind === 'may-read');
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), leftMs);
  });
  return Promise.race([verdict.catch(() => false), tooLate]).finally(() => clearTimeout(timer));
}
