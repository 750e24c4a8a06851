/** The thread of `zip-hasher.ts`: reads zips and says what their `h1:` hashes are. */
import { parentPort } from 'node:worker_threads';
import { hashZipFile, type ZipVerdict } from './hash-zip-file.js';

/** What the thread is asked. */
export interface HashRequest {
  id: number;
  file: string;
}

/** What the thread answers: a verdict, or what went wrong while it read. */
export type HashReply = { id: number } & ({ verdict: ZipVerdict } | { error: unknown });

parentPort?.on('message', ({ id, file }: HashRequest) => {
  hashZipFile(file).then(
    (verdict) => parentPort?.postMessage({ id, verdict } satisfies HashReply),
    (error: unknown) => parentPort?.postMessage({ id, error } satisfies HashReply),
  );
});
