/**
 * Makes HTML of a README, away from the event loop where that may take long: Markdown can be written so that a parser takes
 * a second for 256 KiB of it, and who writes a module is not who runs this server.
 */
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import pLimit from 'p-limit';
import { programFile } from '../../program-files.js';
import { renderMarkdown, type ReadmeContext } from './readme.js';

/** What the thread is given. */
export interface ReadmeWork {
  text: string;
  context: ReadmeContext;
}

/** READMEs up to this length take less time than a thread does to start. */
const SHORT = 32 * 1024;
/** READMEs beyond this length, in UTF-16 units, are not rendered. */
const LONGEST = 256 * 1024;
/** Threads at one time. */
const PARALLEL = 2;
/** How long a README may take, in milliseconds. */
const DEADLINE_MS = 5_000;

const PROGRAM = fileURLToPath(programFile('web/content/readme-thread.js'));
const limit = pLimit(PARALLEL);

/** The HTML of `text`, which is Markdown; undefined if it is too long, or takes too long, to be made. */
export async function renderReadme(
  text: string,
  context: ReadmeContext,
  { program = PROGRAM, deadlineMs = DEADLINE_MS } = {},
): Promise<string | undefined> {
  if (text.length <= SHORT) return renderMarkdown(text, context);
  if (text.length > LONGEST) return undefined;
  return limit(() => inThread(program, { text, context }, deadlineMs));
}

async function inThread(program: string, work: ReadmeWork, deadlineMs: number): Promise<string | undefined> {
  const worker = new Worker(program, { execArgv: [], workerData: work });
  let timer: NodeJS.Timeout | undefined;
  try {
    return await new Promise((resolve) => {
      timer = setTimeout(() => resolve(undefined), deadlineMs);
      worker.once('message', (html: string) => resolve(html));
      // The README is shown as plain text, whatever ended the thread.
      worker.once('error', () => resolve(undefined));
      worker.once('exit', () => resolve(undefined));
    });
  } finally {
    clearTimeout(timer);
    void worker.terminate();
  }
}
