/** Clients that ask for one thing after the other, and look at every answer. */
import { setTimeout as sleep } from 'node:timers/promises';
import { askFor, PARTS, pathOf } from './answers.js';
import type { Random } from './random.js';
import type { Truth } from './world.js';

export class Traffic {
  /** Whole answers so far. */
  answers = 0;
  /** What was asked for, in this order; the last ones may have had no answer. */
  readonly asked: Truth[] = [];
  readonly problems: string[] = [];
  #isRunning = true;
  /** Whether a server may fail: it was killed. Facts that are wrong are never right. */
  #mayFail = false;
  /** How often something was killed: what was asked for before may be lost. */
  #kills = 0;
  readonly #done: Promise<unknown>;

  constructor(url: string, versions: readonly Truth[], random: Random, clients: number) {
    this.#done = Promise.all(Array.from({ length: clients }, () => this.#client(url, versions, random)));
  }

  killed(): void {
    this.#kills += 1;
    this.#mayFail = true;
  }

  /** What is asked for from now on has to be answered. */
  replaced(): void {
    this.#mayFail = false;
  }

  async stop(): Promise<void> {
    this.#isRunning = false;
    await this.#done;
  }

  async #client(url: string, versions: readonly Truth[], random: Random): Promise<void> {
    while (this.#isRunning) {
      const truth = random.pick(versions);
      const part = random.pick(PARTS);
      this.asked.push(truth);
      const [couldFail, kills] = [this.#mayFail, this.#kills];
      const answer = await askFor(url, truth, part);
      const mayFail = couldFail || this.#mayFail || kills !== this.#kills;
      if ('lost' in answer) {
        if (!mayFail) this.problems.push(`${pathOf(truth, part)}: no answer: ${answer.lost}`);
        await sleep(20);
        continue;
      }
      this.answers += 1;
      const { status, problem } = answer;
      const isOutage = status === 502 || status === 503 || status === 504;
      if (problem !== undefined && !(isOutage && mayFail)) {
        this.problems.push(`${pathOf(truth, part)}: ${status} ${problem}`);
      }
    }
  }
}
