/** An HTTP client that reads answers to their end and keeps nothing of them. */
import http from 'node:http';

export interface Answer {
  status: number;
  /** Length of the body. */
  bytes: number;
  /** The first bytes of the body, for messages. */
  text: string;
}

/** Longest wait for one answer: a peer may take minutes for a big repository. */
const TIMEOUT_MS = 600_000;

export interface GetOptions {
  /** Whose connections are used. Default: a connection for this request alone. */
  agent?: http.Agent;
  headers?: http.OutgoingHttpHeaders;
}

/** GETs a URL. */
export async function get(url: string, { agent, headers = {} }: GetOptions = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const options = { agent: agent ?? false, headers, timeout: TIMEOUT_MS };
    const request = http.get(url, options, (response) => {
      let bytes = 0;
      let text = '';
      response.on('data', (chunk: Buffer) => {
        if (bytes < 1_000) text += chunk.toString('latin1', 0, 1_000);
        bytes += chunk.length;
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, bytes, text }));
      response.on('error', reject);
    });
    request.on('timeout', () => request.destroy(new Error(`no answer for ${TIMEOUT_MS} ms: ${url}`)));
    request.on('error', reject);
  });
}

/** GETs a URL that must be there. Throws with what the server said otherwise. */
export async function mustGet(url: string, options?: GetOptions): Promise<Answer> {
  const answer = await get(url, options);
  if (answer.status !== 200) throw new Error(`${url} answered ${answer.status}: ${answer.text}`);
  return answer;
}
