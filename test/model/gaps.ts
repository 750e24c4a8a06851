/**
 * The gaps between what replicas do: before and after each request to the object store and each question to Redis. In each
 * of them another replica may go on (a number decides which), a fault may strike, and a replica may be paused or killed.
 */
import { setImmediate as turn } from 'node:timers/promises';

/**
 * What strikes one of the next requests. It does not arrive (`unsent`), it is carried out and its answer is lost
 * (`unheard`) or is an error all the same (`late error`), it is refused (`error`, `overloaded`), or another write came
 * between, as an object store has it (`conflict`).
 */
export type Fault = 'unsent' | 'unheard' | 'error' | 'late error' | 'overloaded' | 'conflict';

export const FAULTS: readonly Fault[] = [
  'unsent',
  'unheard',
  'error',
  'late error',
  'overloaded',
  'conflict',
];

/** When the world of the model begins, in milliseconds since 1970. */
const BEGIN = Date.UTC(2026, 0, 1);

/** One process, from its start to its end. */
export class Life {
  readonly name: string;
  isKilled = false;
  /** How far its clock is ahead of the right time, in milliseconds. */
  clockOffset = 0;
  private paused: { promise: Promise<void>; resume: () => void } | undefined;

  constructor(name: string) {
    this.name = name;
  }

  get isRunning(): boolean {
    return !this.isKilled && this.paused === undefined;
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

interface Repeated {
  life: Life;
  every: number;
  next: number;
  work: () => void;
}

export class Gaps {
  /** In milliseconds since the begin; it goes on when something waits. */
  private passed = 0;
  private readonly faults: Fault[] = [];
  private readonly waiting: (() => void)[] = [];
  private readonly repeated = new Set<Repeated>();
  private random: number;

  /** `order` decides which of them goes on, wherever several could. */
  constructor(order: number) {
    this.random = order;
  }

  /** The right time, in milliseconds since 1970. */
  get now(): number {
    return BEGIN + this.passed;
  }

  /** What the clock of a process shows, in milliseconds since 1970. */
  clockOf(life: Life): number {
    return this.now + life.clockOffset;
  }

  /** Lets time pass. What is to be done again and again is done once, as after a process was paused. */
  advance(ms: number): void {
    this.passed += ms;
    for (const repeated of [...this.repeated]) {
      if (repeated.next > this.passed || !repeated.life.isRunning) continue;
      repeated.next = this.passed + repeated.every;
      repeated.work();
    }
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

  /** The next requests of anybody meet these, one each. */
  strike(faults: readonly Fault[]): void {
    this.faults.push(...faults);
  }

  heal(): void {
    this.faults.length = 0;
  }

  /** A request of `life`; `failure` is what it throws where a fault strikes. */
  async pass<T>(life: Life, work: () => Promise<T>, failure: (fault: Fault) => Error): Promise<T> {
    await this.gap(life);
    const fault = this.faults.shift();
    const isLate = fault === 'unheard' || fault === 'late error';
    if (fault !== undefined && !isLate) throw failure(fault);
    const answer = await work();
    await this.gap(life);
    if (fault !== undefined) throw failure(fault);
    return answer;
  }

  /** Waits in the time of this world. */
  async sleep(life: Life, ms: number): Promise<void> {
    await this.gap(life);
    this.advance(ms);
  }

  /** Calls `work` every `ms` milliseconds of this world, as long as `life` runs, until what it returns is called. */
  every(life: Life, ms: number, work: () => void): () => void {
    const repeated = { life, every: ms, next: this.passed + ms, work };
    this.repeated.add(repeated);
    return () => this.repeated.delete(repeated);
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
