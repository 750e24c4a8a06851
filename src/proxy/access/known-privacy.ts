/**
 * What a worker knows of the privacy of modules: what the main process said of those that were asked for before. All of it
 * is forgotten when the settings or the rules change.
 */
import { LRUCache } from 'lru-cache';
import { atMost } from '../../concurrency/at-most.js';
import { readFields } from '../internal-headers.js';

/** Modules of which it is remembered. */
const MAX_MODULES = 50_000;

export class KnownPrivacy {
  private readonly known = new LRUCache<string, 'private' | 'public'>(atMost(MAX_MODULES));

  of(path: string): 'private' | 'public' | 'unsure' {
    return this.known.get(path) ?? 'unsure';
  }

  /** Takes the value of a `DECISION_HEADER`. */
  learn(header: string): void {
    const { path, privacy } = readFields(header);
    if (path !== undefined && (privacy === 'private' || privacy === 'public')) this.known.set(path, privacy);
  }

  forget(): void {
    this.known.clear();
  }
}
