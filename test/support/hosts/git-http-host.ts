/**
 * A git host over smart HTTP: `git http-backend` as a CGI program, one process per request, over a folder of
 * repositories. `URL/team/x.git` is `ROOT/team/x.git`; without `.git` works too.
 *
 * It behaves as forges do where tests care: 401 with a Basic challenge, protocol v2, partial clones, gzipped requests;
 * and it fails on demand. Every request is recorded, so that a test can tell how often git was really asked.
 */
import { spawn } from 'node:child_process';
import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import https from 'node:https';
import { constants, gunzipSync } from 'node:zlib';
import { listenOnLoopback, type LoopbackHost } from '../loopback.js';
import { sealedEnv } from '../run.js';

/** Whether these credentials may read the repository at this URL path. */
export type Authorize = (user: string, password: string, path: string) => boolean;

export interface GitHttpOptions {
  /** Without `user`, any user name goes with the password, as with a forge's token. Default: no authentication. */
  auth?: { user?: string; password: string } | Authorize;
  /** Whether the host knows protocol v2. Default: true. */
  protocolV2?: boolean;
  /** `uploadpack.allowFilter` of the repositories. Default: true. */
  allowFilter?: boolean;
  /** PEM texts; makes it https. */
  tls?: { key: string; cert: string };
  /** Default: any free port. */
  port?: number;
}

/** What a path answers instead of git: a status, silence, a cut connection, a redirect or a whole reply. */
export type Failure =
  | number
  | 'hang'
  | 'reset'
  /** `path prefix + rest` is sent to `redirectTo + rest`. */
  | { redirectTo: string }
  | { status: number; headers?: Record<string, string>; body?: string };

export interface RecordedRequest {
  method: string;
  /** Path and query. */
  url: string;
  authorization: string | undefined;
  userAgent: string | undefined;
  /** The `Git-Protocol` header: `version=2` from a current git. */
  gitProtocol: string | undefined;
  /** What a POST of protocol v2 asks for: `ls-refs` or `fetch`; known once its body arrived. */
  command: string | undefined;
}

/** What was asked for in `requests`, in their order: `ls-refs`, `fetch`. */
export function commandsIn(requests: readonly RecordedRequest[]): string[] {
  return requests.flatMap(({ command }) => command ?? []);
}

export interface GitHttpHost extends LoopbackHost {
  /** `http://127.0.0.1:PORT`, without a slash at the end. */
  readonly url: string;
  /** Every request since the start, or since the test emptied the array. */
  readonly requests: RecordedRequest[];
  /** Makes every URL that begins with `pathPrefix` fail so, from now on; `undefined` ends it. */
  setFailure(pathPrefix: string, failure: Failure | undefined): void;
}

/** Serves the repositories below `root` for reading. */
export async function gitHttpHost(root: string, options: GitHttpOptions = {}): Promise<GitHttpHost> {
  const requests: RecordedRequest[] = [];
  const failures = new Map<string, Failure>();
  const authorize = authorizer(options.auth);

  function handle(request: IncomingMessage, response: ServerResponse): void {
    const { method = 'GET', url = '/', headers } = request;
    const recorded: RecordedRequest = {
      method,
      url,
      authorization: headers.authorization,
      userAgent: headers['user-agent'],
      gitProtocol: header(headers['git-protocol']),
      command: undefined,
    };
    requests.push(recorded);
    request.once('data', (body: Buffer) => {
      recorded.command = commandOf(body, headers['content-encoding'] === 'gzip');
    });
    const prefix = [...failures.keys()]
      .filter((key) => url.startsWith(key))
      .sort((a, b) => b.length - a.length)[0];
    const failure = prefix === undefined ? undefined : failures.get(prefix);
    if (prefix !== undefined && failure !== undefined) {
      fail(request, response, failure, url.slice(prefix.length));
      return;
    }
    const { pathname } = new URL(url, 'http://host');
    if (authorize !== undefined && !authorize(...basicCredentials(headers.authorization), pathname)) {
      reply(
        request,
        response,
        401,
        { 'www-authenticate': 'Basic realm="git"' },
        'HTTP Basic: Access denied\n',
      );
      return;
    }
    serveGit(root, request, response, options);
  }

  const server = options.tls ? https.createServer(options.tls, handle) : http.createServer(handle);
  const host = await listenOnLoopback(server, options.port);
  return {
    ...host,
    url: `${options.tls ? 'https' : 'http'}://127.0.0.1:${host.port}`,
    requests,
    setFailure: (prefix, failure) => {
      if (failure === undefined) failures.delete(prefix);
      else failures.set(prefix, failure);
    },
  };
}

function authorizer(auth: GitHttpOptions['auth']): Authorize | undefined {
  if (auth === undefined || typeof auth === 'function') return auth;
  return (user, password) => password === auth.password && (auth.user === undefined || user === auth.user);
}

function basicCredentials(authorization = ''): [user: string, password: string] {
  const encoded = /^Basic (.*)$/i.exec(authorization)?.[1] ?? '';
  const [user = '', ...password] = Buffer.from(encoded, 'base64').toString().split(':');
  return [user, password.join(':')];
}

function fail(request: IncomingMessage, response: ServerResponse, failure: Failure, rest: string): void {
  if (failure === 'hang') return;
  if (failure === 'reset') {
    request.socket.resetAndDestroy();
    return;
  }
  if (typeof failure === 'number') {
    reply(request, response, failure, {}, `made-up status ${failure}\n`);
  } else if ('redirectTo' in failure) {
    reply(request, response, 302, { location: failure.redirectTo + rest });
  } else {
    reply(request, response, failure.status, failure.headers ?? {}, failure.body);
  }
}

function reply(
  request: IncomingMessage,
  response: ServerResponse,
  status: number,
  headers: Record<string, string>,
  body = '',
): void {
  request.resume();
  response.writeHead(status, { 'content-type': 'text/plain', ...headers }).end(body);
}

/** RFC 3875 on one page: the request becomes variables and standard input, standard output becomes the response. */
function serveGit(
  root: string,
  request: IncomingMessage,
  response: ServerResponse,
  { protocolV2 = true, allowFilter = true }: GitHttpOptions,
): void {
  const { pathname, search } = new URL(request.url ?? '/', 'http://host');
  const { headers } = request;
  const cgi = spawn('git', ['http-backend'], {
    stdio: ['pipe', 'pipe', 'ignore'],
    env: sealedEnv({
      GIT_PROJECT_ROOT: root,
      GIT_HTTP_EXPORT_ALL: '1',
      REQUEST_METHOD: request.method,
      PATH_INFO: decodeURIComponent(pathname),
      QUERY_STRING: search.slice(1),
      CONTENT_TYPE: headers['content-type'],
      CONTENT_LENGTH: headers['content-length'],
      HTTP_CONTENT_ENCODING: headers['content-encoding'],
      GIT_PROTOCOL: protocolV2 ? header(headers['git-protocol']) : undefined,
      REMOTE_ADDR: '127.0.0.1',
      GIT_CONFIG_COUNT: '2',
      GIT_CONFIG_KEY_0: 'uploadpack.allowFilter',
      GIT_CONFIG_VALUE_0: String(allowFilter),
      GIT_CONFIG_KEY_1: 'safe.directory',
      GIT_CONFIG_VALUE_1: '*',
    }),
  });
  cgi.on('error', () => reply(request, response, 500, {}, 'git http-backend could not be started\n'));
  cgi.stdin.on('error', () => {
    // It may answer without reading the request to its end.
  });
  response.on('close', () => cgi.kill());
  request.pipe(cgi.stdin);

  let head = Buffer.alloc(0);
  cgi.stdout.on('data', function readHead(chunk: Buffer) {
    head = Buffer.concat([head, chunk]);
    const end = head.indexOf('\r\n\r\n');
    if (end < 0) return;
    cgi.stdout.off('data', readHead);
    const fields = parseHead(head.subarray(0, end).toString());
    const status = Number.parseInt(fields.status ?? '200', 10);
    delete fields.status;
    response.writeHead(status, fields);
    response.write(head.subarray(end + 4));
    cgi.stdout.pipe(response);
  });
  cgi.stdout.on('end', () => {
    if (!response.headersSent) reply(request, response, 500, {}, 'git http-backend gave no answer\n');
  });
}

function commandOf(body: Buffer, isCompressed: boolean): string | undefined {
  const plain = isCompressed ? gunzipSync(body, { finishFlush: constants.Z_SYNC_FLUSH }) : body;
  // The first packet: four digits of length, and maybe a line break at the end.
  const packet = plain.toString('latin1', 4, Number.parseInt(plain.toString('latin1', 0, 4), 16));
  return /^command=(.*)/.exec(packet)?.[1];
}

function parseHead(head: string): Record<string, string> {
  const fields: Record<string, string> = {};
  for (const field of head.split('\r\n')) {
    const colon = field.indexOf(':');
    fields[field.slice(0, colon).toLowerCase()] = field.slice(colon + 1).trim();
  }
  return fields;
}

function header(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value;
}
