/** One request to a git host over http or https, on a connection that is kept for the next one. */
import { readFile, stat } from 'node:fs/promises';
import http, { type IncomingMessage } from 'node:http';
import https from 'node:https';
import { createSecureContext } from 'node:tls';
import { LRUCache } from 'lru-cache';
import { FallbackToGit } from './fallback-to-git.js';

/** What decides whether the certificate of an https host is believed. */
export interface TlsTrust {
  /** PEM text of authorities, in place of those of the system. */
  caFile?: string | undefined;
  insecureTls?: boolean | undefined;
}

export interface HttpRequest {
  /** Without credentials. */
  url: URL;
  /** A GET if absent. */
  body?: string | undefined;
  headers: Readonly<Record<string, string>>;
  trust: TlsTrust;
  /** Ends it, whatever it is doing. */
  signal: AbortSignal;
  /** Milliseconds for a connection to be made, and for each pause in the answer, if `patient` is not set. */
  idleTimeoutMs: number;
  /** Whether the host may think about its answer for as long as `signal` lets it. */
  patient?: boolean | undefined;
}

/** The host said nothing for `Question.idleTimeoutMs`. */
export class IdleTimeout extends Error {
  constructor() {
    super('the host is silent');
    this.name = 'Silence';
  }
}

/**
 * The answer, whatever its status, with a body that must be read or destroyed. Throws `Silence`, what Node says of
 * connections that cannot be made, and `AskGit` where it cannot be known which certificates git would believe.
 */
export async function sendRequest(question: HttpRequest): Promise<IncomingMessage> {
  const agent = question.url.protocol === 'https:' ? await secureAgent(question.trust) : plainAgent;
  for (;;) {
    try {
      return await send(question, agent);
    } catch (error) {
      // Each round uses up a kept connection, and a new one is never stale.
      if (!(error instanceof Stale)) throw error;
    }
  }
}

/**
 * Reads the rest of an answer that nobody needs, so that its connection is kept. One that is long is cut off. Never
 * fails.
 */
export async function discard(answer: IncomingMessage): Promise<void> {
  let left = MAX_DISCARDED;
  try {
    for await (const piece of answer as AsyncIterable<Buffer>) {
      left -= piece.length;
      if (left < 0) return;
    }
  } catch {
    // It broke off, which is as good.
  }
}

/** Bytes. A new connection costs less than reading more. */
const MAX_DISCARDED = 64 * 1024;

/** The other side closed a kept connection just now. Nothing that is asked here changes anything: it is asked anew. */
class Stale extends Error {}

/** What writing to such a connection ends in. */
const CLOSED = new Set(['ECONNRESET', 'EPIPE']);

const plainAgent = new http.Agent({ keepAlive: true, scheduling: 'lifo' });

function send(question: HttpRequest, agent: http.Agent): Promise<IncomingMessage> {
  const { url, body, headers, signal, idleTimeoutMs, patient = false } = question;
  return new Promise((resolve, reject) => {
    const options = {
      agent,
      method: body === undefined ? 'GET' : 'POST',
      headers: { ...headers, ...(body === undefined ? {} : { 'content-length': Buffer.byteLength(body) }) },
      signal,
      // Of several addresses each gets its time.
      autoSelectFamilyAttemptTimeout: Math.max(250, Math.floor(idleTimeoutMs / 2)),
    };
    const request = (url.protocol === 'https:' ? https : http).request(url, options);
    const connecting = setTimeout(() => request.destroy(new IdleTimeout()), idleTimeoutMs);
    const arrived = () => {
      clearTimeout(connecting);
      if (!patient) request.setTimeout(idleTimeoutMs, () => request.destroy(new IdleTimeout()));
    };
    request.once('socket', (socket) => {
      if (request.reusedSocket) arrived();
      else socket.once(url.protocol === 'https:' ? 'secureConnect' : 'connect', arrived);
    });
    // Not once: after an answer there may be more, which its reader is told.
    request.on('error', (error: NodeJS.ErrnoException) => {
      clearTimeout(connecting);
      const isStale = request.reusedSocket && CLOSED.has(error.code ?? '');
      reject(isStale ? new Stale('closed', { cause: error }) : error);
    });
    request.once('response', (answer) => {
      // Silence in the middle of the answer; the request's own error event is over.
      if (!patient) answer.setTimeout(idleTimeoutMs, () => answer.destroy(new IdleTimeout()));
      resolve(answer);
    });
    request.end(body);
  });
}

/** By what they trust, and when the file was changed. */
const secureAgents = new LRUCache<string, https.Agent>({ max: 20, dispose: (agent) => agent.destroy() });

async function secureAgent({ caFile, insecureTls = false }: TlsTrust): Promise<https.Agent> {
  const file = insecureTls ? undefined : (caFile ?? (await systemAuthorities()));
  const changed = file === undefined ? 0 : (await stat(file)).mtimeMs;
  const key = `${file ?? 'anybody'} ${changed}`;
  let agent = secureAgents.get(key);
  if (agent === undefined) {
    // Made once: reading a hundred certificates takes longer than a handshake.
    const secureContext = createSecureContext(file === undefined ? {} : { ca: await readFile(file, 'utf8') });
    agent = new https.Agent({
      keepAlive: true,
      scheduling: 'lifo',
      secureContext,
      rejectUnauthorized: !insecureTls,
    });
    secureAgents.set(key, agent);
  }
  return agent;
}

/**
 * Where systems keep the authorities that git and go believe in (crypto/x509, root_linux.go and root_bsd.go). Node brings
 * a list of its own, which an admin who adds or removes one does not know.
 */
const SYSTEM_AUTHORITIES = [
  '/etc/ssl/certs/ca-certificates.crt',
  '/etc/pki/tls/certs/ca-bundle.crt',
  '/etc/ssl/ca-bundle.pem',
  '/etc/pki/tls/cacert.pem',
  '/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem',
  '/etc/ssl/cert.pem',
] as const;

async function systemAuthorities(): Promise<string> {
  for (const file of SYSTEM_AUTHORITIES) {
    const isThere = await stat(file).then(
      () => true,
      () => false,
    );
    if (isThere) return file;
  }
  throw new FallbackToGit('the authorities of the system are not in a file that is known', { always: true });
}
