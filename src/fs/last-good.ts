/**
 * What was read from a file that may be edited at any time: a good edit replaces it as a whole, a bad one changes nothing but
 * what `error` says: it must not stop the people who are served at that moment.
 */
import { asConfigError, type ModhavenError } from '../errors.js';

export class LastGood<T> {
  readonly #read: (last: T | undefined) => T;
  readonly #file: string;
  #value: T;
  #error: ModhavenError | undefined;

  /** Calls `read` for the first time, and throws what it throws; `file` is what messages call it. */
  constructor(read: (last: T | undefined) => T, file: string) {
    this.#read = read;
    this.#file = file;
    this.#value = read(undefined);
  }

  get value(): T {
    return this.#value;
  }

  /** What is wrong with the file on disk; undefined if its content is in use. */
  get error(): ModhavenError | undefined {
    return this.#error;
  }

  /** Calls `read` with the value in use. Returns whether what it returned is in use now; else `error` says why not. */
  reload(): boolean {
    try {
      this.#value = this.#read(this.#value);
      this.#error = undefined;
      return true;
    } catch (error) {
      this.#error = asConfigError(error, this.#file);
      return false;
    }
  }
}
