/** The reads that this process has refused: `/-/status` shows the newest, and how many there were. */
import { redactLine } from '../../redact.js';

export interface RefusedRead {
  /** ISO 8601. */
  at: string;
  status: number;
  /** Without its query, which may hold anything. */
  path: string;
  /** Undefined for a request without a login that proves anything. */
  principal: string | undefined;
  client: string | undefined;
}

const MAX_SHOWN = 20;
const MAX_PATH = 200;

let count = 0;
const newest: RefusedRead[] = [];

/** To be told of each refusal by the process that decides. */
export function noteRefused(read: Omit<RefusedRead, 'at' | 'path'> & { url: string }): void {
  const { url, ...rest } = read;
  count += 1;
  newest.unshift({
    at: new Date().toISOString(),
    ...rest,
    path: redactLine(url.split(/[?#]/, 1)[0] ?? '', MAX_PATH),
  });
  if (newest.length > MAX_SHOWN) newest.pop();
}

/** The newest first. */
export function refusedReads(): { count: number; newest: readonly RefusedRead[] } {
  return { count, newest: [...newest] };
}
