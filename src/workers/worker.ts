/**
 * A worker process: accepts connections, answers from its memory and from the disk, and hands everything else on to
 * the main process. It loads little, because there may be many.
 */
import type { Server, ServerResponse } from 'node:http';
import { ModhavenError, errorMessage } from '../errors.js';
import { createLog } from '../log/log.js';
import { createResponseCache } from '../proxy/response-cache.js';
import { createTrust } from '../proxy/client-address.js';
import { openStores } from '../store/open-stores.js';
import { watchPurges } from '../store/purge.js';
import { createFastPath } from '../proxy/fast-path.js';
import { failureReply } from '../proxy/http-errors.js';
import { createHttpServer, refuseBrokenRequest } from '../proxy/listener.js';
import { createRequestLog } from '../proxy/request-log.js';
import type { FromWorker, ToWorker, WorkerStart } from './messages.js';
import { createForwarder } from './forward.js';

interface Worker {
  receive(message: ToWorker): void;
}

function startWorker({ listen, stores, socket, logLevel, settings: first }: WorkerStart): Worker {
  let settings = first;
  let isClosing = false;
  const { log, writeLine, flush } = createLog({
    level: logLevel,
    readable: process.stdout.isTTY,
    shared: true,
  });
  const memory = createResponseCache({
    maxBytes: () => settings.cacheMemory,
    refreshMs: () => settings.refreshMs,
  });
  const opened = openStores(stores, log);
  watchPurges(opened, () => memory.forgetAll());
  const trusts = createTrust(() => settings.trustProxy);
  const relay = createForwarder({ socket, memory, trusts });
  const front = createFastPath({
    memory,
    store: opened.versions,
    onUse: (module, version) => opened.lastUse.note(module, version),
    log: createRequestLog(log, writeLine),
    trusts,
    isClosing: () => isClosing,
  });
  const server = createHttpServer(
    front((request, response) => {
      if (isClosing) turnAway(response);
      else relay(request, response);
    }),
  );
  server.on('clientError', refuseBrokenRequest);
  server.on('error', (error) => {
    process.send?.({ type: 'failed', reason: errorMessage(error) } satisfies FromWorker, () =>
      process.exit(1),
    );
  });
  server.listen(listen, () => say({ type: 'listening' }));

  async function end(): Promise<void> {
    isClosing = true;
    await closed(server);
    await opened.lastUse.flush().catch(() => undefined);
    await flush();
    process.exit(0);
  }

  return {
    receive(message) {
      switch (message.type) {
        case 'start':
          return;
        case 'settings':
          settings = message.settings;
          return;
        case 'forget':
          memory.forgetChanging(message.before);
          say({ type: 'forgotten', id: message.id });
          return;
        case 'end':
          void end();
      }
    },
  };
}

/** No new connections; resolves when the requests that run are answered. */
function closed(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeIdleConnections();
  });
}

function turnAway(response: ServerResponse): void {
  const { status, headers, body } = failureReply(
    new ModhavenError('SHUTTING_DOWN', 'modhaven is shutting down', { remedy: 'try again in a moment' }),
  );
  response.writeHead(status, { ...headers, 'content-length': Buffer.byteLength(body) }).end(body);
}

function say(message: FromWorker): void {
  process.send?.(message);
}

// Signals are the main process's to understand; a terminal sends them to all.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined);
// Without it nothing cold can be answered, and nobody would end this process.
process.on('disconnect', () => process.exit(0));

let worker: Worker | undefined;
process.on('message', (message: ToWorker) => {
  if (message.type === 'start') worker = startWorker(message.start);
  else worker?.receive(message);
});
say({ type: 'ready' });
