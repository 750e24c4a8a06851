import { describe, expect, it } from 'vitest';
import { parseRepoUrl } from '../../../src/module/repo-url.js';
import { ModhavenError } from '../../../src/errors.js';
import { errorText } from '../../../src/proxy/http/http-errors.js';
import { GitFailure } from '../../../src/vcs/transport/git-exec.js';
import type { FailureContext } from '../../../src/vcs/failures/failure-row.js';
import { explainGitFailure, FAILURE_ROWS } from '../../../src/vcs/failures/git-errors.js';
import { HTTP_SAMPLES, SSH_SAMPLES, type Sample } from './samples.js';

const SAMPLES = [...SSH_SAMPLES, ...HTTP_SAMPLES];
const LONG_PATH = `mycompany.com/platform/${'services/'.repeat(8)}payment-gateway/v2@v2.17.3`;

function contextOf({ repo: text, credential }: Pick<Sample, 'repo' | 'credential'>): FailureContext {
  const repo = parseRepoUrl(text, '/');
  const hostKey = repo.port === undefined ? repo.host : `${repo.host}:${repo.port}`;
  return { repo, hostKey, credential, timeoutMs: 120_000 };
}

/** The text a developer sees, with the longest sort of module path in front. */
function shown(error: ModhavenError): string {
  const { code, message, reason, remedy } = error;
  return errorText(new ModhavenError(code, `not found: ${LONG_PATH}: ${message}`, { reason, remedy }));
}

describe('explainGitFailure', () => {
  it.each(SAMPLES)('$name', (sample) => {
    const failure = new GitFailure('ls-remote', 128, sample.stderr);
    const error = explainGitFailure(failure, contextOf(sample));
    expect(error).toMatchObject({ code: sample.code, cause: failure });
    expect(error.message).toBe(`cannot read ${contextOf(sample).repo.url}`);
    const text = shown(error);
    expect(Buffer.byteLength(text)).toBeLessThanOrEqual(600);
    // Nothing is cut off: neither the reason nor the remedy, whose end is often the value to write.
    expect(text.endsWith(`\n${error.reason ?? '?'}\n${error.remedy ?? '?'}\n`)).toBe(true);
    for (const words of sample.says) expect(text).toContain(words);
  });

  it('has a sample for every row of the table', () => {
    const used = new Set(
      SAMPLES.map(({ stderr }) => FAILURE_ROWS.find(({ pattern }) => pattern.test(stderr))),
    );
    expect(FAILURE_ROWS.filter((row) => !used.has(row)).map(({ pattern }) => pattern)).toEqual([]);
  });

  it('says how long it waited for a host that never answered', () => {
    const failure = new GitFailure('ls-remote', undefined, '', true);
    const error = explainGitFailure(failure, contextOf({ repo: 'https://git.example.com/x.git' }));
    expect(error).toMatchObject({ code: 'HOST_TIMEOUT', reason: expect.stringContaining('120 s') as string });
    expect(shown(error)).toContain('vcs.timeout');
  });

  it('repeats no secret that git or the host printed', () => {
    const stderr = "fatal: something about 'https://ci:glpat-secret@git.example.com/x.git/' is odd\n";
    const failure = new GitFailure('ls-remote', 128, stderr);
    const error = explainGitFailure(failure, contextOf({ repo: 'https://git.example.com/x.git' }));
    expect(shown(error)).toContain('something about');
    expect(shown(error)).not.toContain('glpat-secret');
  });
});
