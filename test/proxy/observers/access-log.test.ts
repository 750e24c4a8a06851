import { expect, it } from 'vitest';
import { accessLog, combinedLine } from '../../../src/proxy/observers/access-log.js';
import { replyEvent } from '../support/reply-event.js';

const AT = new Date('2026-03-05T08:09:10.123Z');

it('writes what Apache and nginx would', () => {
  const request = { httpVersion: '1.1', headers: { 'user-agent': 'Go-http-client/1.1' } };
  const reply = replyEvent({ client: '10.0.0.1', url: '/corp.test/lib/@v/list', bytes: 7, request });
  expect(combinedLine(reply, AT)).toBe(
    '10.0.0.1 - - [05/Mar/2026:08:09:10 +0000] "GET /corp.test/lib/@v/list HTTP/1.1" 200 7 "-" "Go-http-client/1.1"\n',
  );
});

it('names the principal, and the page that a browser came from', () => {
  const request = { httpVersion: '1.0', headers: { referer: 'http://wiki.corp/go' } };
  const reply = replyEvent({
    client: '::1',
    principal: 'ann',
    status: 304,
    method: 'HEAD',
    bytes: 0,
    request,
  });
  expect(combinedLine(reply, AT)).toBe(
    '::1 - ann [05/Mar/2026:08:09:10 +0000] "HEAD /x HTTP/1.0" 304 - "http://wiki.corp/go" "-"\n',
  );
});

it('is one line of nine fields whatever a client says, without a secret', () => {
  const request = { httpVersion: '1.1', headers: { 'user-agent': 'a" \\ \n é', referer: 'http://u:pw@x/' } };
  const reply = replyEvent({
    client: 'x y"\n',
    principal: 'proj 1',
    url: '/-/webhook?secret=s3cret',
    request,
  });
  const line = combinedLine(reply, AT);
  expect(line).toMatch(
    /^\S+ - \S+ \[[^\]]+\] "GET \/-\/webhook HTTP\/1\.1" 200 - "(?:[^"\\]|\\.)*" "(?:[^"\\]|\\.)*"\n$/,
  );
  expect(line).toContain('"a\\" \\\\ \\x0a \\xc3\\xa9"');
  expect(line).toContain(' proj\\x201 ');
  expect(line).not.toContain('pw');
});

it('writes nothing where it is not configured', () => {
  const lines: string[] = [];
  let isOn = false;
  const observer = accessLog({ isOn: () => isOn, write: (line) => lines.push(line) });
  observer.replied?.(replyEvent());
  isOn = true;
  observer.replied?.(replyEvent());
  expect(lines).toHaveLength(1);
});
