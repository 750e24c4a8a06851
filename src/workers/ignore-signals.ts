/**
 * Signals are the main process's to understand; a terminal, or a program that signals a process group, sends them to all. Imported first,
 * so that a worker that is still being loaded is not ended by them.
 */
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined);
