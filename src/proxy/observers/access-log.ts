/**
 * The access log (`access_log:` in modhaven.yaml): each request as a line in the combined format of Apache and nginx, for
 * programs that read such files. What else the server has to say is in its log.
 */
import { LRUCache } from 'lru-cache';
import { redact } from '../../redact.js';
import { ANYONE } from '../gate.js';
import type { Observer, ReplyEvent } from '../observer.js';
import { loggedPath } from '../request-log.js';

export interface AccessLogOptions {
  /** Whether lines are wanted. */
  isOn: () => boolean;
  /** Takes a line, its line end included. */
  write: (line: string) => void;
}

export function accessLog({ isOn, write }: AccessLogOptions): Observer {
  return {
    replied(reply) {
      if (isOn()) write(combinedLine(reply, new Date()));
    },
  };
}

/** A line in the combined format, `at` being the end of the response. Times are UTC. */
export function combinedLine(reply: ReplyEvent, at: Date): string {
  const { client = '-', principal, method, url, status, bytes, request } = reply;
  const user = principal === undefined || principal === ANYONE.name ? '-' : wordOf(principal);
  const asked = `${method} ${textOf(loggedPath(url))} HTTP/${request.httpVersion}`;
  const { referer = '-', 'user-agent': agent = '-' } = request.headers;
  const size = bytes === undefined || bytes === 0 ? '-' : String(bytes);
  return `${wordOf(client)} - ${user} [${timeOf(at)}] "${asked}" ${status} ${size} "${textOf(referer)}" "${textOf(agent)}"\n`;
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** `10/Oct/2026:13:55:36 +0000` */
function timeOf(at: Date): string {
  const iso = at.toISOString();
  return `${iso.slice(8, 10)}/${MONTHS[at.getUTCMonth()] ?? ''}/${iso.slice(0, 4)}:${iso.slice(11, 19)} +0000`;
}

/** Texts as they stand in a line: the same ones come again and again. */
const texts = new LRUCache<string, string>({ max: 1000 });

function textOf(text: string): string {
  let shown = texts.get(text);
  if (shown === undefined) {
    shown = redact(text).replace(/[\\"]|[^ -~]/g, (character) =>
      character === '"' || character === '\\' ? `\\${character}` : hexOf(character),
    );
    texts.set(text, shown);
  }
  return shown;
}

/** A field without quotation marks: it ends at the first space. */
function wordOf(text: string): string {
  return textOf(text).replaceAll(' ', '\\x20');
}

/** As Apache writes bytes that are not plain characters. */
function hexOf(character: string): string {
  return [...Buffer.from(character)].map((byte) => `\\x${byte.toString(16).padStart(2, '0')}`).join('');
}
