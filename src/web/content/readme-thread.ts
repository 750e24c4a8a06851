/** The thread of `render-readme.ts`: makes HTML of one README, and ends. */
import { parentPort, workerData } from 'node:worker_threads';
import { renderMarkdown } from './readme.js';
import type { ReadmeWork } from './render-readme.js';

const { text, context } = workerData as ReadmeWork;
parentPort?.postMessage(renderMarkdown(text, context));
