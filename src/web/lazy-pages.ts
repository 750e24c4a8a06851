/**
 * The pages, loaded when the first of them is asked for: their libraries would make every start slower, and most requests
 * are those of `go`.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { ASSETS, PHASES, RAW } from './content/links.js';
import type { WebPages } from './routes.js';
import type { WebOptions } from './web.js';

export class LazyPages {
  private readonly options: WebOptions;
  private loading: Promise<WebPages> | undefined;
  private loaded: WebPages | undefined;

  constructor(options: WebOptions) {
    this.options = options;
  }

  /** Adds the routes below `/-/`. */
  register(app: FastifyInstance): void {
    const at = (url: string, show: (pages: WebPages) => WebPages['modules']) =>
      app.get(url, async (request, reply) => show(await this.pages())(request, reply));
    at('/-/modules', (pages) => pages.modules);
    at('/-/index', (pages) => pages.index);
    at(`${RAW}*`, (pages) => pages.picture);
    at(`${PHASES}*`, (pages) => pages.events);
    at(`${ASSETS}*`, (pages) => pages.asset);
  }

  /** See `WebPages.page`. */
  readonly page = async (
    request: FastifyRequest,
    reply: FastifyReply,
    rawPath: string,
  ): Promise<FastifyReply> => (await this.pages()).page(request, reply, rawPath);

  /** See `WebPages.status`. */
  readonly status = async (
    request: FastifyRequest,
    reply: FastifyReply,
    status: unknown,
  ): Promise<FastifyReply> => (await this.pages()).status(request, reply, status);

  /** Ends what would keep the server from ending. */
  close(): void {
    this.loaded?.close();
  }

  private pages(): Promise<WebPages> {
    this.loading ??= import('./routes.js').then(({ WebPages }) => (this.loaded = new WebPages(this.options)));
    return this.loading;
  }
}
