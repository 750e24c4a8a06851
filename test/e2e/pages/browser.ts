/** Debian's Chromium, driven by playwright-core. `CHROME` names another one. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { chromium, type Browser, type BrowserContextOptions, type Page } from 'playwright-core';
import { programPath } from '../../support/requirements.js';

/** Root has no sandbox of its own; without the others Chromium looks for hosts of its vendor at every start. */
const ARGS = [
  ...['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run'],
  ...['--disable-background-networking', '--disable-component-update', '--disable-sync'],
];

/** For whatever is waited for in a browser: a machine that does much else is not a failure. */
const TIMEOUT_MS = 90_000;

export function startBrowser(): Promise<Browser> {
  const executablePath = process.env.CHROME ?? programPath('chromium') ?? '';
  return chromium.launch({ executablePath, args: ARGS, timeout: TIMEOUT_MS });
}

/** A tab, and what goes wrong in it. */
export interface Tab {
  page: Page;
  /** Errors of the console, dialogs, and requests to any other server than `origin`. */
  trouble: string[];
}

export async function openTab(
  browser: Browser,
  origin: string,
  options: BrowserContextOptions = {},
): Promise<Tab> {
  const context = await browser.newContext({ viewport: { width: 1200, height: 800 }, ...options });
  context.setDefaultTimeout(TIMEOUT_MS);
  const page = await context.newPage();
  const trouble: string[] = [];
  page.on('console', (message) => {
    // A page that says 404 is not trouble.
    const isAnswer = message.text().startsWith('Failed to load resource: the server responded');
    if (message.type() === 'error' && !isAnswer) trouble.push(message.text());
  });
  page.on('dialog', (dialog) => {
    trouble.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on('pageerror', (error) => trouble.push(error.message));
  page.on('request', (request) => {
    if (new URL(request.url()).origin !== origin) trouble.push(requested(request.url()));
  });
  page.on('requestfailed', (request) => {
    // The policy of the page refused it, so it was not made.
    const at = request.failure()?.errorText === 'csp' ? trouble.indexOf(requested(request.url())) : -1;
    if (at >= 0) trouble.splice(at, 1);
  });
  return { page, trouble };
}

const requested = (url: string): string => `request: ${url}`;

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** What axe-core finds wrong with the page, by rule and place. */
export async function axeViolations(page: Page): Promise<string[]> {
  // Beside the page's own policy, which forbids scripts that are not files of the server.
  const session = await page.context().newCDPSession(page);
  const { result: had } = await session.send('Runtime.evaluate', { expression: 'typeof axe' });
  if (had.value === 'undefined') await session.send('Runtime.evaluate', { expression: AXE });
  const run = `axe.run().then(({ violations }) => JSON.stringify(violations.flatMap(({ id, nodes }) =>
    nodes.map(({ target, failureSummary }) => id + ' at ' + target.join(' ') + ': ' + failureSummary))))`;
  const { result } = await session.send('Runtime.evaluate', { expression: run, awaitPromise: true });
  await session.detach();
  return JSON.parse(String(result.value)) as string[];
}
