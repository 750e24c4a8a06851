/**
 * The gate: who sends a request, and whether it may be answered. Read this file first.
 *
 * Every request passes a gate before anything else looks at it: before the response cache, the store, every route and
 * every page, in the main process and in each worker. `entrance.ts` is the only caller. What comes after it takes an
 * `AdmittedRequest`, which only `admit` makes, so the compiler refuses a way around the gate.
 *
 * `access/access-gate.ts` is the gate of a server; `openGate` lets everybody read everything.
 */
import type { IncomingMessage } from 'node:http';
import { ADMISSION_HEADER, readFields, writeFields } from './internal-headers.js';

/** A person, a program, or anyone. */
export interface GatePrincipal {
  /** As the log names it; never a credential. */
  readonly name: string;
}

/** What a gate says to a request that may be answered. */
export interface Admission {
  readonly principal: GatePrincipal;
  /**
   * Who may be given the same response. Undefined: everyone, so caches on the way may keep it. Otherwise the response
   * needed a right: it is sent with `Cache-Control: private`, and kept only for requests admitted to the same audience.
   */
  readonly audience: string | undefined;
  /** The private module that is read, for the audit file; with or without `auth:`. */
  readonly privateModule?: string;
  /** Of a worker only: the main process decides, so nothing that is kept here is looked at. */
  readonly deferred?: true;
  /** The value of `DECISION_HEADER`, for a worker that had to defer. */
  readonly decision?: string;
}

/** Why a request is refused; `undecided`: what would have to be asked cannot be. */
export type RefusalReason =
  'login-needed' | 'login-wrong' | 'login-ended' | 'guessing' | 'forbidden' | 'undecided';

/** What a gate says to a request that may not be answered: the whole response. */
export interface Refusal {
  readonly reason: RefusalReason;
  /** Who was refused; undefined where that is not known. */
  readonly principal?: GatePrincipal;
  /** The private module that was asked for. */
  readonly privateModule?: string;
  /** The value of `DECISION_HEADER`, for a worker that had to defer. */
  readonly decision?: string;
  /** 401, 403 or 429; 5xx where it could not be decided. */
  readonly refusedWith: number;
  /** Without Content-Length. */
  readonly headers: Readonly<Record<string, string>>;
  /** Plain text. */
  readonly body: string;
}

/**
 * Decides about a request by its method, URL, headers and connection. A synchronous decision keeps the fast path fast.
 * A gate that throws answers 500.
 */
export type Gate = (request: IncomingMessage) => Admission | Refusal | Promise<Admission | Refusal>;

/** Those of many modules that the sender of a request may read. */
export interface ReadableModules {
  /** Module paths. */
  readonly paths: ReadonlySet<string>;
  /** Whether every git host that had to be asked has answered in time; what is undecided is not in `paths`. */
  readonly isComplete: boolean;
}

export interface ReadableOptions {
  /** How long git hosts are asked, in milliseconds; 0: what they have said before counts, and none is asked. */
  timeoutMs?: number;
  /** What hosts are asked about first, where there is not time for all. */
  first?: (module: string) => boolean;
}

/**
 * Which of `modules` (module paths) the sender of `request` may read: for pages and lists that show each visitor what is
 * theirs to see. `access/readable.ts` is that of a server.
 */
export type Readable = (
  request: IncomingMessage,
  modules: readonly string[],
  options?: ReadableOptions,
) => Promise<ReadableModules>;

/** A request that a gate has let through. */
export interface AdmittedRequest extends IncomingMessage {
  admission: Admission;
}

export const ANYONE: GatePrincipal = { name: 'anyone' };

/** What everybody may read. */
export const OPEN: Admission = { principal: ANYONE, audience: undefined };

/** Lets everybody read everything. */
export const openGate: Gate = () => OPEN;

/**
 * The gate of a main process that listens on its private socket only: its worker has asked a gate and says what it
 * decided, or defers to `decide`. Anywhere else this header comes from a client and must not be believed.
 */
export function workerGate(decide: Gate): Gate {
  return (request) => {
    const header = request.headers[ADMISSION_HEADER];
    if (typeof header !== 'string') throw new Error('a request came from a worker without its admission');
    if (header === OPEN_HEADER) return OPEN;
    return header === DEFERRED_HEADER ? decide(request) : decodeAdmission(header);
  };
}

/** Marks a request as let through. Only for `entrance.ts`. */
export function admit(request: IncomingMessage, admission: Admission): AdmittedRequest {
  const admitted = request as AdmittedRequest;
  admitted.admission = admission;
  return admitted;
}

/** The admission of a request behind the gate. Throws if no gate was asked. */
export function admissionOf(request: IncomingMessage): Admission {
  const { admission } = request as Partial<AdmittedRequest>;
  if (admission === undefined) throw new Error('a request got past the gate');
  return admission;
}

/** The key of a cached response: responses that needed a right are never found by those without it. */
export function cacheKey(url: string, { audience }: Admission): string {
  return audience === undefined ? url : `${audience}\n${url}`; // no URL holds a line end
}

/** `Cache-Control` as it is for everyone, made right for the audience of a response. */
export function cacheControlFor(cacheControl: string, { audience }: Admission): string {
  return audience === undefined ? cacheControl : cacheControl.replace(/^public\b/, 'private');
}

/** The value of `ADMISSION_HEADER`. */
export function encodeAdmission(admission: Admission): string {
  if (admission.deferred === true) return DEFERRED_HEADER;
  return admission === OPEN
    ? OPEN_HEADER
    : writeFields({ name: admission.principal.name, audience: admission.audience });
}

const OPEN_HEADER = 'open';
const DEFERRED_HEADER = 'deferred';

function decodeAdmission(header: string): Admission {
  const { name, audience } = readFields(header);
  if (name === undefined) throw new Error('a worker sent an admission without a principal');
  return { principal: { name }, audience };
}
