/**
 * A queue that serves its clients in rotation: a client with a hundred tasks is served no more often than one with a single
 * task. Tasks of one client run in their order, except for those of a host that has its share already.
 */

export interface FairQueueOptions {
  /** Tasks that run at one time; read each time, because it may have been edited. */
  total: () => number;
  /** Of these, for one host. */
  perHost: () => number;
}

interface WaitingTask {
  host: string;
  /** Called when it is served, with what ends it. */
  start: (end: () => void) => void;
}

export class FairQueue {
  readonly #options: FairQueueOptions;
  /** By client, the next client first. No list is empty. */
  readonly #waiting = new Map<string, WaitingTask[]>();
  readonly #runningAt = new Map<string, number>();
  #running = 0;

  constructor(options: FairQueueOptions) {
    this.#options = options;
  }

  /** Adds a task for `host`; `start` is called at once if there is room. Returns what takes the task out of the queue. */
  enter(host: string, client: string, start: WaitingTask['start']): () => void {
    const entry = { host, start };
    this.#waiting.set(client, [...(this.#waiting.get(client) ?? []), entry]);
    this.#giveOut();
    return () => this.#remove(client, entry);
  }

  #giveOut(): void {
    while (this.#running < this.#options.total()) {
      const found = this.#next();
      if (found === undefined) return;
      const [client, entry] = found;
      this.#remove(client, entry);
      // Behind the others: those that are left of this client wait for their next round.
      const rest = this.#waiting.get(client);
      if (rest !== undefined) {
        this.#waiting.delete(client);
        this.#waiting.set(client, rest);
      }
      this.#start(entry);
    }
  }

  /** The first client that waits for a host with a free place. */
  #next(): [client: string, entry: WaitingTask] | undefined {
    const perHost = this.#options.perHost();
    for (const [client, entries] of this.#waiting) {
      const entry = entries.find(({ host }) => (this.#runningAt.get(host) ?? 0) < perHost);
      if (entry !== undefined) return [client, entry];
    }
    return undefined;
  }

  #start({ host, start }: WaitingTask): void {
    this.#running += 1;
    this.#runningAt.set(host, (this.#runningAt.get(host) ?? 0) + 1);
    let isOver = false;
    start(() => {
      if (isOver) return;
      isOver = true;
      this.#running -= 1;
      const left = (this.#runningAt.get(host) ?? 1) - 1;
      if (left === 0) this.#runningAt.delete(host);
      else this.#runningAt.set(host, left);
      this.#giveOut();
    });
  }

  #remove(client: string, entry: WaitingTask): void {
    const left = (this.#waiting.get(client) ?? []).filter((other) => other !== entry);
    if (left.length === 0) this.#waiting.delete(client);
    else this.#waiting.set(client, left);
  }
}
