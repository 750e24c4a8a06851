/** What is wrong with the parts of a version, collected part by part. */
import { errorMessage, isModhavenError } from '../errors.js';
import { redactLine } from '../redact.js';
import type { PartKind } from '../store/version-store.js';

/** One part of a version that is not what it should be. */
export interface StoredFault {
  part: PartKind;
  /** Continues a sentence that begins with the part: `is not JSON`. */
  problem: string;
}

/** Characters of a problem that are shown. */
const MAX_LENGTH = 400;

export class StoredFaults {
  readonly list: StoredFault[] = [];

  /** Adds a problem, if there is one. */
  add(part: PartKind, problem: string | undefined): void {
    if (problem !== undefined) this.list.push({ part, problem: redactLine(problem, MAX_LENGTH) });
  }

  /** The result of `work`; if it fails, the reason is added and the result is undefined. */
  async attempt<T>(part: PartKind, work: () => Promise<T>): Promise<T | undefined> {
    try {
      return await work();
    } catch (error) {
      this.add(part, isModhavenError(error) ? (error.reason ?? error.message) : errorMessage(error));
      return undefined;
    }
  }
}
