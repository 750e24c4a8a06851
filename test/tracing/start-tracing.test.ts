import { trace } from '@opentelemetry/api';
import { afterEach, expect, it } from 'vitest';
import { outgoingTrace, traceWith } from '../../src/observe/observe.js';
import { startTracing } from '../../src/tracing/start-tracing.js';

const tracer = trace.getTracer('test');

afterEach(() => {
  traceWith(undefined);
  trace.disable();
});

it('traces nothing without an SDK', async () => {
  await startTracing('1.2.3');
  expect(outgoingTrace()).toBeUndefined();
});

it('traces where one has registered itself', async () => {
  trace.setGlobalTracerProvider({ getTracer: () => tracer });
  await startTracing('1.2.3');
  expect(outgoingTrace()).toEqual({}); // it has no propagator
});
