/** Which module a developer perhaps meant: one of a nearly equal path, that they may read. */
import type { IncomingMessage } from 'node:http';
import type { Readable } from '../gate.js';

export interface SuggestOptions {
  /** Modules with nearly this path, best first (`modfetch/near-modules.ts`). */
  near: (path: string) => Promise<string[]>;
  readable: Readable;
}

/** How long the answer waits for git hosts that decide who may read, in milliseconds. */
const TIMEOUT_MS = 1_000;

export function createSuggest({ near, readable }: SuggestOptions) {
  return async (path: string, request: IncomingMessage): Promise<string | undefined> => {
    const candidates = await near(path);
    if (candidates.length === 0) return undefined;
    let timer: NodeJS.Timeout | undefined;
    const tooLate = new Promise<string[]>((resolve) => {
      timer = setTimeout(() => resolve([]), TIMEOUT_MS);
    });
    const [first] = await Promise.race([readable(request, candidates), tooLate]).finally(() =>
      clearTimeout(timer),
    );
    return first;
  };
}
