/** Responses about a version that are not pages: pictures out of its zip, and the phases of its fetch. */
import type { FastifyReply } from 'fastify';
import { ModhavenError } from '../errors.js';
import { parseModulePath, type ModulePath } from '../module/module-path.js';
import { isCanonicalVersion } from '../module/version.js';
import { decodePath } from '../proxy/request.js';
import type { FetchJob } from './content/fetch-jobs.js';
import { PHASES, RAW } from './content/links.js';
import { PICTURES, endingOf } from './content/readme.js';
import { sendPicture } from './send-page.js';
import type { PageRequest } from './web.js';

const MAX_PICTURE = 8 * 1024 * 1024;

/** `GET /-/raw/MODULE@VERSION/FILE`: a picture. Throws VERSION_NOT_FOUND for whatever else is asked for. */
export async function rawPicture(page: PageRequest, rawPath: string): Promise<FastifyReply> {
  const { module, rest } = moduleIn(rawPath, RAW);
  const [, version = '', file = ''] = /^@([^/]+)\/(.+)$/.exec(rest) ?? [];
  const type = PICTURES.get(endingOf(file));
  const bytes =
    type !== undefined && isCanonicalVersion(version)
      ? await page.web.zips.read({ module, version }, file, MAX_PICTURE)
      : undefined;
  if (type === undefined || !Buffer.isBuffer(bytes)) {
    throw new ModhavenError(
      'VERSION_NOT_FOUND',
      `not found: no picture ${file} of ${module}@${version} is stored`,
    );
  }
  return sendPicture(page, type, bytes);
}

/** How long one such answer lasts at most, in milliseconds; the browser then asks again. */
const MAX_STREAM_MS = 60_000;
const SIGN_OF_LIFE_MS = 5_000;

/**
 * `GET /-/phases/MODULE` or `MODULE@VERSION`: the phases of a fetch that runs, as server-sent events. `phases` has all of
 * them so far, as JSON; `done` says that the page can be loaded, and ends it. Nothing is fetched by asking.
 */
export class PhaseStreams {
  private readonly open = new Set<() => void>();

  send(page: PageRequest, rawPath: string): FastifyReply {
    const { module, rest } = moduleIn(rawPath, PHASES);
    const job = page.web.jobs.running(module, rest === '' ? 'latest' : rest.slice(1));
    this.stream(page, job);
    return page.reply.hijack();
  }

  /** Ends all of them, so that the server can. */
  close(): void {
    for (const end of this.open) end();
  }

  private stream({ reply }: PageRequest, job: FetchJob | undefined): void {
    const response = reply.raw;
    response.writeHead(200, {
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      'x-accel-buffering': 'no',
    });
    const tell = (event: string, data: unknown) =>
      response.write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
    const watch = () => {
      if (job?.isRunning === true) {
        tell('phases', job.phases);
        return;
      }
      tell('done', {});
      end();
    };
    const stopWatching = job?.watch(watch);
    const timer = setTimeout(() => end(), MAX_STREAM_MS);
    const beat = setInterval(() => response.write(': still at it\n\n'), SIGN_OF_LIFE_MS);
    const end = (): void => {
      stopWatching?.();
      clearTimeout(timer);
      clearInterval(beat);
      this.open.delete(end);
      response.end();
    };
    this.open.add(end);
    response.once('close', end);
    watch();
  }
}

/** The module that stands in a path behind `prefix`, and what follows it from the `@` on. */
function moduleIn(rawPath: string, prefix: string): { module: ModulePath; rest: string } {
  const text = decodePath(rawPath).slice(prefix.length);
  const at = text.indexOf('@');
  const path = at < 0 ? text : text.slice(0, at);
  return { module: parseModulePath(path), rest: text.slice(path.length) };
}
