/** Whether a browser asks: it is shown pages for people. The go command and its like say nothing of what they accept. */
import type { IncomingHttpHeaders } from 'node:http';

export function wantsHtml(headers: IncomingHttpHeaders): boolean {
  return headers.accept?.includes('text/html') === true;
}
