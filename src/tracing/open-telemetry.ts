/**
 * Spans: one for each request that is more than a look into memory, and below it one for each activity
 * (`observe/events.ts`). What is above and below is kept by the context manager of the SDK.
 *
 * `traceparent` of a client is believed: it decides nothing but where a trace is shown. It is handed on to git hosts and
 * other proxies, and from a worker to the main process.
 */
import { subscribe } from 'node:diagnostics_channel';
import {
  SpanKind,
  SpanStatusCode,
  context,
  propagation,
  trace,
  type Attributes,
  type Span,
  type Tracer,
} from '@opentelemetry/api';
import { isModhavenError } from '../errors.js';
import type { Activity } from '../observe/events.js';
import type { TracedRequest, TracedResponse, Tracing } from '../observe/observe.js';
import { redactLine } from '../redact.js';

export function createTracing(version?: string): Tracing {
  subscribe('undici:request:create', (message) => addHeaders(message as CreatedRequest));
  return new OpenTelemetry(trace.getTracer('modhaven', version));
}

class OpenTelemetry implements Tracing {
  private readonly tracer: Tracer;

  constructor(tracer: Tracer) {
    this.tracer = tracer;
  }

  activity<T>(activity: Activity, work: () => Promise<T>): Promise<T> {
    const kind = activity.type === 'upstream' ? SpanKind.CLIENT : SpanKind.INTERNAL;
    const { name, attributes } = describe(activity);
    return this.tracer.startActiveSpan(name, { kind, attributes }, async (span) => {
      try {
        return await work();
      } catch (error) {
        fail(span, error);
        throw error;
      } finally {
        span.end();
      }
    });
  }

  request<T>(request: TracedRequest, response: TracedResponse, work: () => T): T {
    const isInside = trace.getActiveSpan() !== undefined; // the SDK watches node:http itself
    const parent = isInside ? context.active() : propagation.extract(context.active(), request.headers);
    const { method = 'GET', url = '/' } = request;
    const path = url.split('?', 1)[0] ?? url;
    const span = this.tracer.startSpan(
      `modhaven ${method}`,
      {
        kind: isInside ? SpanKind.INTERNAL : SpanKind.SERVER,
        attributes: { 'http.request.method': method, 'url.path': path },
      },
      parent,
    );
    response.once('close', () => {
      const { statusCode } = response;
      span.setAttributes({ 'http.response.status_code': statusCode, ...outcomeOf(request) });
      if (statusCode >= 500) span.setStatus({ code: SpanStatusCode.ERROR });
      span.end();
    });
    return context.with(trace.setSpan(parent, span), work);
  }

  outgoing(): Record<string, string> {
    const headers: Record<string, string> = {};
    propagation.inject(context.active(), headers);
    return headers;
  }
}

function fail(span: Span, error: unknown): void {
  const message = isModhavenError(error) ? error.message : error instanceof Error ? error.name : 'unknown';
  span.setStatus({ code: SpanStatusCode.ERROR, message: redactLine(message) });
  if (isModhavenError(error)) span.setAttribute('error.type', error.code);
}

/** What is known of the reply to a request. */
function outcomeOf({ outcome, source }: TracedRequest): Attributes {
  const { module, version } = outcome ?? {};
  return {
    ...(module !== undefined && { 'modhaven.module': module }),
    ...(version !== undefined && { 'modhaven.version': version }),
    ...((source ?? outcome?.source) && { 'modhaven.source': source ?? outcome?.source }),
  };
}

/** The names of spans are few; what they are about is in their attributes. */
function describe(activity: Activity): { name: string; attributes: Attributes } {
  const about = Object.entries(activity).filter(([name, value]) => name !== 'type' && value !== undefined);
  const attributes = Object.fromEntries(about.map(([name, value]) => [`modhaven.${name}`, value]));
  if (activity.type === 'fetch') return { name: `fetch ${activity.kind}`, attributes };
  if (activity.type === 'git') return { name: `git ${activity.command}`, attributes };
  return { name: activity.type, attributes };
}

/** A request of undici before it is sent. */
interface CreatedRequest {
  request: { headers: string | readonly unknown[]; addHeader(name: string, value: string): unknown };
}

/** Adds the headers of the running span to a request of ours, unless the SDK has done so. */
function addHeaders({ request }: CreatedRequest): void {
  const known = typeof request.headers === 'string' ? request.headers : request.headers.join('\n');
  if (/^traceparent\b/im.test(known)) return;
  const headers: Record<string, string> = {};
  propagation.inject(context.active(), headers);
  for (const [name, value] of Object.entries(headers)) request.addHeader(name, value);
}
