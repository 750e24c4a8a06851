/**
 * The gaps between what replicas do: before and after each question to the bucket and to Redis. In each of them another
 * replica may go on (a number decides which), a fault may strike, and a replica may be paused or killed.
 */
import { setImmediate as turn } from 'node:timers/promises';
import { ModhavenError } from '../../src/errors.js';

/** What strikes one of the next questions: it does not arrive, or its answer does not. */
export type Fault = 'unsent' | 'unheard';

/** One process, from its start to its end. */
export class Life {
  readonly name: string;
  isKilled = false;
  private paused: { promise: Promise<void>; resume: () => void } | undefined;

  constructor(name: string) {
    this.name = name;
  }

  pause(): void {
    if (this.paused !== undefined) return;
    let resume = (): void => undefined;
    const promise = new Promise<void>((resolve) => (resume = resolve));
    this.paused = { promise, resume };
  }

  resume(): void {
    this.paused?.resume();
    this.paused = undefined;
  }

  async running(): Promise<void> {
    while (this.paused !== undefined) await this.paused.promise;
    if (this.isKilled) throw new Killed();
  }
}

/** Thrown wherever a killed process would have gone on. */
export class Killed extends Error {}

export class Gaps {
  /** In milliseconds; it goes on when something waits. */
  now = 0;
  private readonly faults: Fault[] = [];
  private readonly waiting: (() => void)[] = [];
  private random: number;

  /** `order` decides who goes on, wherever several could. */
  constructor(order: number) {
    this.random = order;
  }

  /** A number below `end`. */
  below(end: number): number {
    this.random = (Math.imul(this.random, 1_664_525) + 1_013_904_223) | 0;
    return Math.floor(((this.random >>> 0) / 2 ** 32) * end);
  }

  /** Lets up to `count` go on, one after the other. */
  async steps(count: number): Promise<void> {
    for (let i = 0; i < count; i += 1) await turn();
  }

  /** The next questions of anybody meet these, one each. */
  strike(faults: readonly Fault[]): void {
    this.faults.push(...faults);
  }

  heal(): void {
    this.faults.length = 0;
  }

  /** A question of `life`. */
  async pass<T>(life: Life, what: string, work: () => Promise<T>): Promise<T> {
    await this.gap(life);
    const fault = this.faults.shift();
    if (fault === 'unsent') throw broken(what);
    const answer = await work();
    await this.gap(life);
    if (fault === 'unheard') throw broken(what);
    return answer;
  }

  /** Waits in the time of this world. */
  async sleep(life: Life, ms: number): Promise<void> {
    await this.gap(life);
    this.now += ms;
  }

  private async gap(life: Life): Promise<void> {
    await life.running();
    await new Promise<void>((resolve) => {
      this.waiting.push(resolve);
      if (this.waiting.length === 1) this.letOneGo();
    });
    await life.running();
  }

  /** One a turn of the event loop, until nothing waits. */
  private letOneGo(): void {
    setImmediate(() => {
      const [next] = this.waiting.splice(this.below(this.waiting.length), 1);
      next?.();
      if (this.waiting.length > 0) this.letOneGo();
    });
  }
}

function broken(what: string): ModhavenError {
  return new ModhavenError('STORAGE', `${what}: the connection broke off`);
}
