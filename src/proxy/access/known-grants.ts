/**
 * What a worker knows of the answers of git hosts: those that were a yes, which the main process told it, for as long as they
 * hold. Everything else it defers. Of a login only a keyed hash is kept.
 */
import { createHmac, randomBytes } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { atMost } from '../../concurrency/at-most.js';
import type { HostQuestion, HostVerdict } from '../../auth/git-host.js';
import { readFields } from '../internal-headers.js';

/** Answers that are remembered. */
const MAX_GRANTS = 20_000;

export class KnownGrants {
  private readonly key = randomBytes(32);
  private readonly known = new LRUCache<string, { name: string; until: number }>(atMost(MAX_GRANTS));
  private readonly now: () => number;

  /** `now`: milliseconds of a monotonic clock. */
  constructor(now: () => number = () => performance.now()) {
    this.now = now;
  }

  /** Undefined for what is not known to be a yes. */
  judge(question: HostQuestion, header: string | undefined): HostVerdict | undefined {
    const found = header === undefined ? undefined : this.known.get(this.idOf(question, header));
    const leftMs = found === undefined ? 0 : found.until - this.now();
    if (found === undefined || leftMs <= 0) return undefined;
    return {
      kind: 'may-read',
      principal: { kind: 'git-host', name: found.name, groups: new Set() },
      leftMs,
    };
  }

  /** Takes the value of a `DECISION_HEADER` that answered a request with this `Authorization` header. */
  learn(decision: string, header: string | undefined): void {
    const { granted, leftMs, name } = readFields(decision);
    if (granted === undefined || leftMs === undefined || name === undefined || header === undefined) return;
    this.known.set(this.idOf(granted, header), { name, until: this.now() + Number(leftMs) });
  }

  forget(): void {
    this.known.clear();
  }

  private idOf(question: HostQuestion | string, header: string): string {
    const asked = typeof question === 'string' ? question : JSON.stringify(question);
    return createHmac('sha256', this.key).update(`${asked}\n${header}`).digest('base64');
  }
}
