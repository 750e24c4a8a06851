/**
 * The short way: what is in memory or on the disk is answered here, before any router; everything else goes on.
 *
 * Answers are found by the raw URL. Only well-formed requests for finished versions are looked up on the disk, so that
 * nothing is decided here that the general way would decide otherwise.
 */
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { isModhavenError } from '../errors.js';
import { isCanonicalVersion } from '../module/version.js';
import type { ResponseCache, CachedResponse } from './response-cache.js';
import { clientAddress, type TrustProxy } from './client-address.js';
import { isPlainUrl, parseProxyRequest } from './request.js';
import type { RequestLog } from './request-log.js';
import { sendResponse } from './send-response.js';
import { SMALL, createStoredResponses, type StoredResponses } from './stored-responses.js';
import type { Part, VersionStore } from '../store/version-store.js';

export interface FastPathOptions {
  memory: ResponseCache;
  store: VersionStore;
  /** Where others ask for what is stored, too: one for all. */
  stored?: StoredResponses;
  log: RequestLog;
  /** Is told of each version that is answered. */
  onUse?: ((module: string, version: string) => void) | undefined;
  trusts: TrustProxy;
  /** While the server ends, the general way says so to who comes. */
  isClosing: () => boolean;
}

/** A listener that answers what it can, and hands the rest to `next`. */
export function createFastPath(options: FastPathOptions): (next: RequestListener) => RequestListener {
  const { memory, log, trusts, isClosing, stored = createStoredResponses(options) } = options;

  function answer(request: IncomingMessage, response: ServerResponse, found: CachedResponse): void {
    const { method = 'GET', url = '' } = request;
    const client = clientAddress(request, trusts);
    const startedAt = performance.now();
    const { module, version } = found.outcome;
    if (module !== undefined && version !== undefined) options.onUse?.(module, version);
    sendResponse(request, response, found.response, trusts);
    const { statusCode: status } = response;
    if (found.response.size <= SMALL) {
      log.writeHit(found, { method, url, status, ms: 0, client });
      return;
    }
    response.on('close', () => {
      log.writeHit(found, { method, url, status, ms: performance.now() - startedAt, client });
    });
  }

  return (next) => {
    async function lookOnDisk(request: IncomingMessage, response: ServerResponse, part: Part): Promise<void> {
      const { url = '' } = request;
      const found = await stored.find(url, part).catch(() => undefined);
      // Absent or broken: the general way knows what to do, and what to say.
      if (found === undefined) next(request, response);
      else answer(request, response, found);
    }

    return (request, response) => {
      const { method, url = '' } = request;
      if ((method !== 'GET' && method !== 'HEAD') || isClosing()) {
        next(request, response);
        return;
      }
      const remembered = memory.get(url, request.headers['disable-module-fetch'] === 'true');
      if (remembered !== undefined) {
        answer(request, response, remembered);
        return;
      }
      const part = storedPart(url);
      if (part === undefined) next(request, response);
      else void lookOnDisk(request, response, part);
    };
  };
}

/** The file of a version that `url` asks for; undefined for anything else, however it is wrong. */
function storedPart(url: string): Part | undefined {
  if (!isPlainUrl(url)) return undefined;
  try {
    const asked = parseProxyRequest(url);
    if (asked === undefined || !('version' in asked) || !isCanonicalVersion(asked.version)) return undefined;
    return asked;
  } catch (error) {
    if (isModhavenError(error)) return undefined;
    throw error;
  }
}
