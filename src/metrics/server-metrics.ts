/** `/-/metrics`: the figures of the main process and of its workers. */
import type { FastifyInstance } from 'fastify';
import type { Observer } from '../proxy/observer.js';
import { createActivityMetrics } from './activity-metrics.js';
import { expose, type Exposition } from './exposition.js';
import type { Family } from './families.js';
import { processFamilies } from './process-metrics.js';
import { createReplyMetrics } from './reply-metrics.js';
import { stateFamilies, type ServerState } from './state-metrics.js';

export interface ServerMetricsOptions {
  /** How the store is called: `disk` or `s3`. */
  storeName: () => string;
  state: () => ServerState;
  /** The figures of each worker. */
  ofWorkers: () => Promise<readonly (readonly Family[])[]>;
}

export class ServerMetrics {
  /** To be told of replies and of all that the process does. */
  readonly observers: readonly Observer[];
  private readonly options: ServerMetricsOptions;
  private readonly activities = createActivityMetrics();
  private readonly replies;

  constructor(options: ServerMetricsOptions) {
    this.options = options;
    this.replies = createReplyMetrics(options.storeName);
    this.observers = [this.replies, this.activities];
  }

  /** Adds the route. Who may read it is for the gate to say. */
  readonly route = (app: FastifyInstance): void => {
    app.get('/-/metrics', async (_request, reply) => {
      const { contentType, text } = await this.read();
      return reply.header('cache-control', 'no-store').type(contentType).send(text);
    });
  };

  async read(): Promise<Exposition> {
    const workers = await this.options.ofWorkers();
    const own = [
      ...this.replies.families(),
      ...this.activities.families(),
      ...stateFamilies(this.options.state()),
      ...processFamilies('main'),
    ];
    return expose([own, ...workers]);
  }
}

/** The figures of a worker: replies, and what its process uses. `name` is that of the process. */
export class WorkerMetrics {
  readonly observer: Observer;
  private readonly replies;

  constructor(storeName: () => string) {
    this.replies = createReplyMetrics(storeName);
    this.observer = this.replies;
  }

  families(name: string): Family[] {
    return [...this.replies.families(), ...processFamilies(name)];
  }
}
