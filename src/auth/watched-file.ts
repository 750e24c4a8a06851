/**
 * The content of a file of `auth:`, read again when it changes; a bad edit keeps the last good content. An empty file is not a
 * bad one: `htpasswd -D` of the last user leaves one, and a right that was taken away must not hold on.
 */
import type { ModhavenError } from '../errors.js';
import { LastGood } from '../fs/last-good.js';
import { readText } from '../fs/read-text.js';
import type { Logger } from '../log/log.js';

/** The remedy for a file that cannot be read. */
export const UNREADABLE =
  'make the file readable for the account modhaven runs under, or correct its path in modhaven.yaml';

export class WatchedFile<T> {
  readonly file: string;
  readonly #content: LastGood<{ text: string; value: T }>;
  readonly #log: Pick<Logger, 'error' | 'info'>;

  /** Reads the file for the first time. Throws CONFIG. */
  constructor(file: string, parse: (text: string, file: string) => T, log: Pick<Logger, 'error' | 'info'>) {
    this.file = file;
    this.#log = log;
    this.#content = new LastGood((last) => {
      const text = readText(file, UNREADABLE);
      return last?.text === text ? last : { text, value: parse(text, file) };
    }, file);
  }

  get value(): T {
    return this.#content.value.value;
  }

  /** What is wrong with the file on disk; undefined if its content is in use. */
  get error(): ModhavenError | undefined {
    return this.#content.error;
  }

  /** Reads the file again. True if there is another content now. */
  reload(): boolean {
    const before = this.#content.value;
    if (this.#content.reload()) {
      const isChanged = this.#content.value !== before;
      if (isChanged) this.#log.info({ file: this.file }, 'file read again');
      return isChanged;
    }
    this.#log.error(
      { file: this.file, error: this.error?.message },
      'the file has an error; its last good content stays',
    );
    return false;
  }
}
