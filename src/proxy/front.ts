/**
 * The short way: what is in memory or on the disk is answered here, before any router; everything else goes on.
 *
 * Answers are found by the raw URL. Only well-formed requests for finished versions are looked up on the disk, so that
 * nothing is decided here that the general way would decide otherwise.
 */
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { LRUCache } from 'lru-cache';
import { isModhavenError } from '../errors.js';
import { isCanonicalVersion } from '../module/version.js';
import type { AnswerMemory, Remembered } from './answer-memory.js';
import { clientAddress, type Trust } from './client-address.js';
import { createCoalescer } from './coalesce.js';
import { openPartOf, prepareStored, withBody, type PreparedAnswer } from './prepared-answer.js';
import { isPlainUrl, parseProxyRequest } from './request.js';
import type { RequestLog } from './request-log.js';
import { sendAnswer } from './send-answer.js';
import type { OpenPart, Part, VersionStore } from './version-store.js';

export interface FrontOptions {
  memory: AnswerMemory;
  store: VersionStore;
  log: RequestLog;
  trusts: Trust;
  /** While the server ends, the general way says so to who comes. */
  isClosing: () => boolean;
}

/** Bodies up to this size are read at once, in bytes; larger ones are kept when they are asked for again. */
const SMALL = 256 * 1024;
/** Bytes of larger bodies that are being read into memory at one time. */
const MAX_LOADING = 16 * 1024 * 1024;
/** URLs of larger bodies of which is known that somebody asked. */
const MAX_ASKED = 4096;

/** A listener that answers what it can, and hands the rest to `next`. */
export function createFront(options: FrontOptions): (next: RequestListener) => RequestListener {
  const { memory, store, log, trusts, isClosing } = options;
  const flights = createCoalescer();
  const asked = new LRUCache<string, true>({ max: MAX_ASKED });
  let loading = 0;

  function answer(request: IncomingMessage, response: ServerResponse, found: Remembered): void {
    const { method = 'GET', url = '' } = request;
    const client = clientAddress(request, trusts);
    const startedAt = performance.now();
    sendAnswer(request, response, found.answer, trusts);
    const { statusCode: status } = response;
    if (found.answer.size <= SMALL) {
      log.writeHit(found, { method, url, status, ms: 0, client });
      return;
    }
    response.on('close', () => {
      log.writeHit(found, { method, url, status, ms: performance.now() - startedAt, client });
    });
  }

  /** The answer for a stored part, its body in memory if it is small or often asked for. */
  async function fromStore(url: string, part: Part): Promise<PreparedAnswer | undefined> {
    const prepared = await prepareStored(store, part);
    const file = prepared && openPartOf(prepared);
    if (prepared === undefined || file === undefined) return prepared;
    if (prepared.size > SMALL && !isWorthLoading(url, prepared.size)) return prepared;
    try {
      return withBody(prepared, await flights.run(url, () => load(file)));
    } finally {
      file.close();
    }
  }

  /** Not at the first time: what is asked for once in a while would push out what is asked for always. */
  function isWorthLoading(url: string, size: number): boolean {
    if (size > memory.largest() || loading + size > MAX_LOADING) return false;
    if (asked.has(url)) return true;
    asked.set(url, true);
    return false;
  }

  async function load(file: OpenPart): Promise<Buffer> {
    loading += file.size;
    try {
      return await readWhole(file);
    } finally {
      loading -= file.size;
    }
  }

  return (next) => {
    async function lookOnDisk(request: IncomingMessage, response: ServerResponse, part: Part): Promise<void> {
      const { url = '' } = request;
      const prepared = await fromStore(url, part).catch(() => undefined);
      // Absent or broken: the general way knows what to do, and what to say.
      if (prepared === undefined) {
        next(request, response);
        return;
      }
      const { module, version } = part;
      const found: Remembered = { answer: prepared, outcome: { module, version, cache: 'hit' } };
      if (openPartOf(prepared) === undefined) memory.keep(url, found);
      answer(request, response, found);
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

async function readWhole(file: OpenPart): Promise<Buffer> {
  const bytes = Buffer.allocUnsafeSlow(file.size);
  let filled = 0;
  while (filled < bytes.length) {
    const length = await new Promise<number>((resolve, reject) => {
      file.read(bytes.subarray(filled), bytes.length - filled, filled, (error, count) =>
        error === null ? resolve(count) : reject(error),
      );
    });
    if (length === 0) throw new Error('the file is shorter than it was');
    filled += length;
  }
  return bytes;
}
