/**
 * The entrance: every request of the main process and of each worker comes in here, and nowhere else.
 *
 *   1. Requests of one connection are answered one after the other (HTTP pipelining).
 *   2. The gate is asked (`gate.ts`).
 *   3. A server that ends says so.
 *   4. What the rest throws is answered with 500 and an id (`log/faults.ts`).
 */
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { ModhavenError } from '../errors.js';
import type { Faults } from '../log/faults.js';
import { inRequest } from '../observe/observe.js';
import { admit, type Admission, type AdmittedRequest, type Gate, type Refusal } from './gate.js';
import type { TrustProxy } from './http/client-address.js';
import { failureReply, withRequestId } from './http/http-errors.js';
import { noteSentBytes } from './http/sent-bytes.js';
import { DECISION_HEADER } from './internal-headers.js';
import { REQUEST_ID_HEADER, requestIdOf, takeRequestId } from './http/request-id.js';
import type { RequestTracker, TrackedRequest } from './request-tracker.js';
import { loggedPath } from './request-log.js';

/** Answers a request that the gate has let through. What it throws or rejects with is answered with 500. */
export type AdmittedListener = (request: AdmittedRequest, response: ServerResponse) => void | Promise<void>;

export interface EntranceOptions {
  gate: Gate;
  tracker: RequestTracker;
  faults: Faults;
  /** Whose `X-Request-Id` counts. */
  trusts: TrustProxy;
  /** Whether the server ends: then requests are turned away. */
  isClosing: () => boolean;
  /** Whether the server ends and another one takes over its address: then a connection ends after its response. */
  isHandingOver?: () => boolean;
}

/**
 * Requests that may wait on one connection for those before them. A client that sends more loses its connection: it
 * would have us hold more than it is worth.
 */
const MAX_WAITING = 1_000;

/** The listener of an HTTP server, in front of `next`. */
export function createEntrance(options: EntranceOptions, next: AdmittedListener): RequestListener {
  const entrance = new Entrance(options, next);
  return (request, response) => {
    // A response without its connection stands behind another one: it gets the connection when that one has ended.
    if (response.socket === null) entrance.wait(request, response);
    else entrance.enter(request, response);
  };
}

class Entrance {
  private readonly waiting = new WeakMap<Socket, Map<ServerResponse, IncomingMessage>>();

  private readonly options: EntranceOptions;
  private readonly next: AdmittedListener;

  constructor(options: EntranceOptions, next: AdmittedListener) {
    this.options = options;
    this.next = next;
  }

  enter(request: IncomingMessage, response: ServerResponse): void {
    try {
      takeRequestId(request, this.options.trusts);
      const decision = this.options.gate(request);
      if (!(decision instanceof Promise)) {
        this.decided(request, response, decision);
      } else {
        this.fence(
          request,
          response,
          decision.then((late) => this.decided(request, response, late)),
        );
      }
    } catch (error) {
      this.fail(request, response, error);
    }
  }

  /**
   * Nothing is done for a request before its turn: what would be opened for it could stay open, because node says nothing
   * to a response that never got its connection.
   */
  wait(request: IncomingMessage, response: ServerResponse): void {
    const { socket } = request;
    const queue = this.waiting.get(socket) ?? this.queueOf(socket);
    if (queue.size >= MAX_WAITING) socket.destroy();
    queue.set(response, request);
    response.once('socket', () => {
      queue.delete(response);
      this.enter(request, response);
    });
  }

  private queueOf(socket: Socket): Map<ServerResponse, IncomingMessage> {
    const queue = new Map<ServerResponse, IncomingMessage>();
    this.waiting.set(socket, queue);
    socket.once('close', () => {
      for (const [response, request] of queue) this.options.tracker.abandoned(request, response);
      queue.clear();
    });
    return queue;
  }

  private decided(request: IncomingMessage, response: ServerResponse, decision: Admission | Refusal): void {
    const { isClosing, isHandingOver, tracker } = this.options;
    if (isHandingOver?.() === true) response.shouldKeepAlive = false;
    if ('refusedWith' in decision) {
      (request as TrackedRequest).refusal = decision;
      if (decision.decision !== undefined) response.setHeader(DECISION_HEADER, decision.decision);
      tracker.track(request, response);
      // Without the id of the request: a refusal is the same, byte for byte, whatever was asked for.
      sendText(response, decision.refusedWith, decision.headers, decision.body);
    } else if (isClosing()) {
      admit(request, decision);
      tracker.track(request, response);
      turnAway(request, response);
    } else {
      if (decision.decision !== undefined) response.setHeader(DECISION_HEADER, decision.decision);
      const admitted = admit(request, decision);
      const work = inRequest(request, response, () => this.next(admitted, response));
      if (work !== undefined) this.fence(request, response, work);
    }
  }

  private fence(request: IncomingMessage, response: ServerResponse, work: Promise<void>): void {
    work.catch((error: unknown) => this.fail(request, response, error));
  }

  private fail(request: IncomingMessage, response: ServerResponse, error: unknown): void {
    const { faults, tracker } = this.options;
    const id = faults.caught(error, 'request', {
      requestId: requestIdOf(request),
      path: loggedPath(request.url ?? ''),
    });
    tracker.track(request, response);
    if (response.headersSent) response.destroy();
    else sendFailure(request, response, { status: 500, headers: FAULT_HEADERS, body: faultText(id) });
  }
}

const FAULT_HEADERS = { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store' };

/** The text of a reply to a request that met a fault. */
export function faultText(id: string): string {
  return `internal error in modhaven (fault ${id})\nthe log of the server has the details\n`;
}

function turnAway(request: IncomingMessage, response: ServerResponse): void {
  const error = new ModhavenError('SHUTTING_DOWN', 'modhaven is shutting down', {
    remedy: 'try again in a moment',
  });
  sendFailure(request, response, failureReply(error));
}

/** An error text, with the id of its request. */
export function sendFailure(
  request: IncomingMessage,
  response: ServerResponse,
  { status, headers, body }: ReturnType<typeof failureReply>,
): void {
  sendText(response, status, withIdHeader(headers, request), withRequestId(body, requestIdOf(request)));
}

function withIdHeader(
  headers: Readonly<Record<string, string>>,
  request: IncomingMessage,
): Record<string, string> {
  return { ...headers, [REQUEST_ID_HEADER]: requestIdOf(request) };
}

/** A short text; for HEAD node leaves out the body. */
function sendText(
  response: ServerResponse,
  status: number,
  headers: Readonly<Record<string, string>>,
  body: string,
): void {
  if (response.destroyed) return;
  const bytes = Buffer.byteLength(body);
  noteSentBytes(response, bytes);
  response.writeHead(status, { ...headers, 'content-length': bytes }).end(body);
}
