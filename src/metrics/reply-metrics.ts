/**
 * Replies, counted in the process that gives them. A response from memory is counted often, so what is counted of it is
 * looked up once and kept beside it.
 */
import type { Observer, ReplyEvent } from '../proxy/observer.js';
import type { CachedResponse } from '../proxy/response-cache.js';
import { Counter, Histogram, type Buckets, type Family, type Labels } from './families.js';

const SECONDS = [0.001, 0.005, 0.025, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120];
const BYTES = [
  256, 1024, 4096, 16_384, 65_536, 262_144, 1_048_576, 4_194_304, 16_777_216, 67_108_864, 268_435_456,
];

/** What is added to for replies that are alike. */
interface Slot {
  count: number;
  readonly labels: Labels;
  readonly seconds: Buckets;
  readonly bytes: Buckets;
}

export interface ReplyMetrics extends Observer {
  replied(reply: ReplyEvent): void;
  families(): Family[];
}

/** `storeName` is how the store is called: `disk` or `s3`. */
export function createReplyMetrics(storeName: () => string): ReplyMetrics {
  return new Replies(storeName);
}

class Replies implements ReplyMetrics {
  private readonly slots = new Map<string, Slot>();
  /** Of a whole response from memory. */
  private readonly known = new WeakMap<CachedResponse, Slot>();
  private readonly seconds = new Histogram(
    'modhaven_http_request_duration_seconds',
    'Time from a request to the end of its response, by kind and by where the content came from.',
    SECONDS,
  );
  private readonly bytes = new Histogram(
    'modhaven_http_response_size_bytes',
    'Size of the bodies of successful responses, where it is known.',
    BYTES,
  );

  private readonly storeName: () => string;

  constructor(storeName: () => string) {
    this.storeName = storeName;
  }

  readonly replied = (reply: ReplyEvent): void => {
    const { cached, status, ms, source, bytes } = reply;
    const isPlain = cached !== undefined && source === 'memory' && status === 200 && !reply.aborted;
    let slot = isPlain ? this.known.get(cached) : undefined;
    if (slot === undefined) {
      slot = this.slotOf(reply);
      if (isPlain) this.known.set(cached, slot);
    }
    slot.count += 1;
    slot.seconds.add(ms / 1000);
    if (bytes !== undefined && status < 300) slot.bytes.add(bytes);
  };

  families(): Family[] {
    const requests = new Counter(
      'modhaven_http_requests_total',
      'Requests that were replied to, by what was asked for, how it ended, and where the content came from.',
    );
    for (const { labels, count } of this.slots.values()) requests.add(labels, count);
    return [requests.family(), this.seconds.family(), this.bytes.family()];
  }

  private slotOf(reply: ReplyEvent): Slot {
    const kind = kindOf(reply.url);
    const outcome = outcomeOf(reply);
    const source = reply.source === 'store' ? this.storeName() : (reply.source ?? 'none');
    const key = `${kind} ${outcome} ${source}`;
    let slot = this.slots.get(key);
    if (slot === undefined) {
      slot = {
        count: 0,
        labels: { kind, outcome, source },
        seconds: this.seconds.of({ kind, source }),
        bytes: this.bytes.of({ kind }),
      };
      this.slots.set(key, slot);
    }
    return slot;
  }
}

const KINDS: Readonly<Record<string, string>> = { info: 'info', mod: 'mod', zip: 'zip' };

/** What a URL asks for, in a few words. */
export function kindOf(url: string): string {
  const path = url.split('?', 1)[0] ?? '';
  if (path.startsWith('/-/')) return 'internal';
  if (path.startsWith('/sumdb/')) return 'sumdb';
  if (path.endsWith('/@v/list')) return 'list';
  if (path.endsWith('/@latest')) return 'latest';
  if (path.includes('/@v/')) return KINDS[path.slice(path.lastIndexOf('.') + 1)] ?? 'other';
  return 'page';
}

const OUTCOMES: Readonly<Record<number, string>> = {
  304: 'not_modified',
  401: 'unauthorized',
  403: 'forbidden',
  404: 'not_found',
  410: 'gone',
  429: 'rate_limited',
  499: 'client_left',
  502: 'host_failed',
  503: 'unavailable',
  504: 'host_timeout',
};

/** How a reply ended, in a few words. */
export function outcomeOf({ status, aborted }: Pick<ReplyEvent, 'status' | 'aborted'>): string {
  const known = OUTCOMES[status];
  if (known !== undefined) return known;
  if (status >= 500) return 'error';
  if (status >= 400) return 'bad_request';
  return aborted ? 'aborted' : 'ok';
}
