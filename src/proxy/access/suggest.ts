/** Which module a developer perhaps meant: one of a nearly equal path, that they may read. */
import type { IncomingMessage } from 'node:http';
import type { Readable } from '../gate.js';

export interface SuggestOptions {
  /** Modules with nearly this path, best first (`modfetch/near-modules.ts`). */
  near: (path: string) => Promise<string[]>;
  readable: Readable;
}

/**
 * Git hosts are not asked: whether a response takes the time of such a question would tell whether there is a module of
 * nearly that name, which its sender may not know of. What hosts have said within `git_host_ttl` counts.
 */
export function createSuggest({ near, readable }: SuggestOptions) {
  return async (path: string, request: IncomingMessage): Promise<string | undefined> => {
    const candidates = await near(path);
    if (candidates.length === 0) return undefined;
    const { paths } = await readable(request, candidates, { timeoutMs: 0 });
    return candidates.find((candidate) => paths.has(candidate));
  };
}
