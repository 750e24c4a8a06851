/** The thread of `zip-hasher.ts`: reads zips and says what their `h1:` hashes are. */
import { parentPort } from 'node:worker_threads';
import { errorMessage } from '../errors.js';
import { hashZipFile, type ZipVerdict } from './hash-zip-file.js';

/** What the thread is asked. */
export interface HashRequest {
  id: number;
  file: string;
}

/** What the thread answers: a verdict, or what went wrong while it read, with the code of the operating system. */
export type HashReply = { id: number } & ({ verdict: ZipVerdict } | { failure: ReadFailure });

/** An error as it crosses to another thread: of an `Error` only the message would arrive. */
export interface ReadFailure {
  message: string;
  code: string | undefined;
  syscall: string | undefined;
}

parentPort?.on('message', ({ id, file }: HashRequest) => {
  hashZipFile(file).then(
    (verdict) => parentPort?.postMessage({ id, verdict } satisfies HashReply),
    (error: unknown) => parentPort?.postMessage({ id, failure: failureOf(error) } satisfies HashReply),
  );
});

function failureOf(error: unknown): ReadFailure {
  const { code, syscall } = error as NodeJS.ErrnoException;
  return { message: errorMessage(error), code, syscall };
}
