/**
 * The content of a file that is read again when it changes. A bad or missing one keeps the last good content, because those who are
 * allowed today have done nothing wrong; the error is kept for log and status.
 */
import { readFileSync } from 'node:fs';
import type { Logger } from '../log/log.js';
import { ModhavenError, errorMessage, isModhavenError } from '../errors.js';

export class WatchedFile<T> {
  readonly file: string;
  readonly #parse: (text: string, file: string) => T;
  readonly #log: Pick<Logger, 'error' | 'info'>;
  #text: string;
  #value: T;
  #error: ModhavenError | undefined;

  /** Reads the file for the first time. Throws CONFIG. */
  constructor(file: string, parse: (text: string, file: string) => T, log: Pick<Logger, 'error' | 'info'>) {
    this.file = file;
    this.#parse = parse;
    this.#log = log;
    this.#text = readText(file);
    this.#value = parse(this.#text, file);
  }

  get value(): T {
    return this.#value;
  }

  /** What is wrong with the file on disk; undefined if its content is in use. */
  get error(): ModhavenError | undefined {
    return this.#error;
  }

  /** Reads the file again. True if there is another content now. */
  reload(): boolean {
    try {
      const text = readText(this.file);
      const isChanged = text !== this.#text;
      if (isChanged) this.#value = this.#parse(text, this.file);
      this.#text = text;
      this.#error = undefined;
      if (isChanged) this.#log.info({ file: this.file }, 'file read again');
      return isChanged;
    } catch (error) {
      if (!isModhavenError(error)) throw error;
      this.#error = error;
      this.#log.error(
        { file: this.file, error: error.message },
        'the file has an error; its last good content stays',
      );
      return false;
    }
  }
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new ModhavenError('CONFIG', `cannot read ${file}`, {
      reason: errorMessage(error),
      remedy:
        'make the file readable for the account modhaven runs under, or correct its path in modhaven.yaml',
    });
  }
}
