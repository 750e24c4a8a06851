/**
 * Answers that may change (lists, `@latest`, branches), and what is given when their origin cannot be asked: the last
 * answer, marked as stale. It outlives a restart (`stale-cache.ts`).
 *
 * A slow origin is not waited for longer than `staleAfterMs` where an answer is known. The question goes on
 * meanwhile, for callers that come later. What an origin says does not exist is forgotten.
 */
import type { Logger } from 'pino';
import { monotonicNow } from '../concurrency/monotonic-clock.js';
import { isFinalAnswer, isModhavenError, isNotExist } from '../errors.js';
import type { Fetched } from './repo.js';
import type { DatedAnswer, StaleCache } from './stale-cache.js';

export interface LastAnswersOptions {
  staleCache: StaleCache;
  /** How long an answer is given again without a question to the origin, in milliseconds. */
  freshForMs: () => number;
  /** How long an origin is waited for where its last answer is known, in milliseconds. */
  staleAfterMs: () => number;
  log: Pick<Logger, 'warn'>;
}

interface PendingAnswer {
  startedAt: number;
  answer: Promise<Fetched<Buffer>>;
}

export class LastAnswers {
  private readonly options: LastAnswersOptions;
  private readonly asking = new Map<string, PendingAnswer>();
  /** What is asked from now on is newer than what was announced to have changed. */
  private generation = 0;

  constructor(options: LastAnswersOptions) {
    this.options = options;
  }

  /** What may change has changed: a question that is under way is not the answer to later callers. */
  changed(): void {
    this.generation += 1;
  }

  /** The answer for `path` (as in the GOPROXY protocol): `ask` throws a fact or an outage. */
  async get(path: string, ask: () => Promise<DatedAnswer>): Promise<Fetched<Buffer>> {
    const known = await this.options.staleCache.get(path);
    if (known !== undefined && this.isFresh(known)) return answerOf(known, true);
    const key = `${this.generation} ${path}`;
    const question = this.asking.get(key) ?? this.begin(key, path, ask);
    return known === undefined ? question.answer : this.inTime(question, path, known);
  }

  /** The last answer for `path`, however old. */
  known(path: string): Promise<DatedAnswer | undefined> {
    return this.options.staleCache.get(path);
  }

  /** Says in the log that `path` is answered with something older. */
  logStale(path: string, error: unknown, asOf?: number): void {
    const failure = isModhavenError(error) ? error.message : String(error);
    const asked = asOf === undefined ? undefined : new Date(asOf).toISOString();
    this.options.log.warn(
      { path, asked, failure },
      'the origin of a module failed: the last answer is served',
    );
  }

  private isFresh({ asOf }: DatedAnswer): boolean {
    const age = monotonicNow() - asOf;
    return age >= 0 && age < this.options.freshForMs(); // below zero: it was kept under another clock
  }

  private begin(key: string, path: string, ask: () => Promise<DatedAnswer>): PendingAnswer {
    const answer = this.ask(path, ask).finally(() => this.asking.delete(key));
    const question = { startedAt: performance.now(), answer };
    this.asking.set(key, question);
    return question;
  }

  private async ask(path: string, ask: () => Promise<DatedAnswer>): Promise<Fetched<Buffer>> {
    const { staleCache } = this.options;
    const known = await staleCache.get(path); // another question may have ended since
    if (known !== undefined && this.isFresh(known)) return answerOf(known, true);
    try {
      const answer = await ask();
      await staleCache.set(path, answer);
      return answerOf(answer, false);
    } catch (error) {
      if (isNotExist(error)) await staleCache.forget(path);
      if (known === undefined || isFinalAnswer(error)) throw error;
      this.logStale(path, error, known.asOf);
      return { ...answerOf(known, true), stale: true };
    }
  }

  /** The answer to `question`, or what is known if the origin is slow. */
  private async inTime(
    { startedAt, answer }: PendingAnswer,
    path: string,
    known: DatedAnswer,
  ): Promise<Fetched<Buffer>> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<Fetched<Buffer>>((resolve) => {
      const waited = performance.now() - startedAt;
      timer = setTimeout(
        () => {
          this.logStale(path, 'no answer yet', known.asOf);
          resolve({ ...answerOf(known, true), stale: true });
        },
        Math.max(0, this.options.staleAfterMs() - waited),
      );
    });
    answer.catch(() => undefined); // it may fail after the last caller was answered
    try {
      return await Promise.race([answer, late]);
    } finally {
      clearTimeout(timer);
    }
  }
}

function answerOf({ bytes, asOf, isStale = false }: DatedAnswer, fromCache: boolean): Fetched<Buffer> {
  return { value: bytes, fromCache, immutable: false, fetchedAt: asOf, ...(isStale && { stale: true }) };
}
