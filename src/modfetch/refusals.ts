/**
 * Facts about versions that do not exist, remembered for a few seconds: the same question asked twenty times is one
 * question to the origin. A version that is pushed meanwhile is found after an announced push at once (`changed`), else
 * after these seconds.
 *
 * What the go command refuses of a commit (file names, size) cannot change, and may have taken long to find out: it is
 * remembered longer, by the commit.
 */
import { LRUCache } from 'lru-cache';
import { atMost } from '../concurrency/at-most.js';
import { isModhavenError, isNotExist, type ModhavenError } from '../errors.js';

/** How long a version is taken for unknown, in milliseconds. */
export const UNKNOWN_MS = 3_000;
/** How long a commit is taken for invalid, in milliseconds: a rule for another directory of it may be written. */
const INVALID_MS = 10 * 60_000;
const MAX_REMEMBERED = 10_000;

export class Refusals {
  private readonly unknown = new LRUCache<string, ModhavenError>({
    ...atMost(MAX_REMEMBERED),
    ttl: UNKNOWN_MS,
  });
  private readonly invalid = new LRUCache<string, ModhavenError>({
    ...atMost(MAX_REMEMBERED),
    ttl: INVALID_MS,
  });
  private generation = 0;

  /** What may change has changed: what does not exist may exist now. */
  changed(): void {
    this.generation += 1;
    this.unknown.clear();
  }

  /** The rules have changed: what was refused is forgotten. */
  forget(): void {
    this.changed();
    this.invalid.clear();
  }

  /** What `ask` gets, unless it is known that `question` has no answer. */
  async remember<T>(question: string, ask: () => Promise<T>): Promise<T> {
    const known = this.unknown.get(question);
    if (known !== undefined) throw known;
    const { generation } = this;
    try {
      return await ask();
    } catch (error) {
      // Not what was found out before something changed.
      if (isNotExist(error) && generation === this.generation) this.unknown.set(question, error);
      throw error;
    }
  }

  /** The same for the content of a commit; `question` names both. */
  async rememberInvalid<T>(question: string, ask: () => Promise<T>): Promise<T> {
    const known = this.invalid.get(question);
    if (known !== undefined) throw known;
    try {
      return await ask();
    } catch (error) {
      if (isModhavenError(error, 'MODULE_INVALID')) this.invalid.set(question, error);
      throw error;
    }
  }
}
