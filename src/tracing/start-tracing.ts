/**
 * Traces, where somebody records them: an SDK of OpenTelemetry registers itself before the program starts
 * (`node --import @opentelemetry/auto-instrumentations-node/register …`). Without one, not even the API is loaded.
 */
import { traceWith } from '../observe/observe.js';

/** Where every copy of version 1 of the API finds what was registered; part of its public contract. */
const REGISTERED = Symbol.for('opentelemetry.js.api.1');

/** Begins to record spans, if there is an SDK. `version` is that of the program, where it is known. */
export async function startTracing(version?: string): Promise<void> {
  if (!(REGISTERED in globalThis)) return;
  const { createTracing } = await import('./open-telemetry.js');
  traceWith(createTracing(version));
}
