/** The HTTP client for tests that reach loopback hosts: every host counts as named by the configuration. */
import { HttpClient, type HttpClientOptions } from '../../src/http/client.js';

export function httpClient(options: Partial<HttpClientOptions> = {}): HttpClient {
  return new HttpClient({ hosts: () => new Map(), isNamed: () => true, env: {}, ...options });
}
