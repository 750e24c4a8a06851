/**
 * The pages for people. Like everything they stand behind the gate, which has judged the path of a module's page; what
 * shows several modules asks `visitor.readable` for each.
 *
 *   /                     set-up, search, what is new         list-pages.ts
 *   /-/modules, /-/index  what the store holds                list-pages.ts
 *   /MODULE, /MODULE@V    a module and its versions           module-page.ts, module-tabs.ts
 *   /-/raw/, /-/phases/   pictures, phases of a fetch         module-files.ts
 *   /-/assets/            style sheet, script, icon           assets.ts
 */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { ModhavenError } from '../errors.js';
import { readAssets, type Assets } from './assets.js';
import { FetchJobs } from './content/fetch-jobs.js';
import { ASSETS } from './content/links.js';
import { ZipFiles } from './content/zip-files.js';
import { homePage, indexLines, modulesPage } from './list-pages.js';
import { PhaseStreams, rawPicture } from './module-files.js';
import { modulePage } from './module-page.js';
import { StatusPage } from './pages/status.js';
import { sendAsset, sendPage } from './send-page.js';
import { pageRequest, shown, type Web, type WebOptions } from './web.js';

/** Answers one request. What it throws is a failure with words, or a fault. */
export type PageHandler = (
  request: FastifyRequest,
  reply: FastifyReply,
) => FastifyReply | Promise<FastifyReply>;

export class WebPages {
  private readonly web: Web;
  private readonly assets: Assets;
  private readonly phases = new PhaseStreams();

  constructor(options: WebOptions) {
    this.assets = readAssets();
    const jobs = new FetchJobs(options.modules);
    const zips = new ZipFiles(options.store);
    this.web = { ...options, jobs, zips, assetsTag: this.assets.tag };
  }

  readonly modules: PageHandler = (request, reply) => {
    const page = pageRequest(this.web, request, reply);
    return shown(page, () => modulesPage(page));
  };

  readonly index: PageHandler = (request, reply) => indexLines(pageRequest(this.web, request, reply));

  readonly picture: PageHandler = (request, reply) =>
    rawPicture(pageRequest(this.web, request, reply), pathOf(request));

  readonly events: PageHandler = (request, reply) =>
    this.phases.send(pageRequest(this.web, request, reply), pathOf(request));

  readonly asset: PageHandler = (request, reply) => {
    const page = pageRequest(this.web, request, reply);
    const asset = this.assets.get(pathOf(request).slice(ASSETS.length));
    if (asset === undefined) {
      throw new ModhavenError('MODULE_NOT_FOUND', 'not found: modhaven has no such file');
    }
    return sendAsset(page, asset.type, asset.bytes, page.query.get('v') === this.assets.tag);
  };

  /** The page for a browser at a path that is not below `/-/`. */
  readonly page = (request: FastifyRequest, reply: FastifyReply, rawPath: string): Promise<FastifyReply> => {
    const page = pageRequest(this.web, request, reply);
    return shown(page, () => (rawPath === '/' ? homePage(page) : modulePage(page, rawPath)));
  };

  /** The page that shows what `/-/status` says. */
  readonly status = (request: FastifyRequest, reply: FastifyReply, status: unknown): FastifyReply => {
    const page = pageRequest(this.web, request, reply);
    return sendPage(page, StatusPage({ context: page.context, status: status as Record<string, unknown> }));
  };

  /** Ends what would keep the server from ending. */
  close(): void {
    this.phases.close();
  }
}

function pathOf(request: FastifyRequest): string {
  return (request.raw.url ?? '/').replace(/^https?:\/\/[^/?#]*/i, '').split(/[?#]/, 1)[0] ?? '/';
}
