/**
 * Contents that are the same on every machine and in every run: text that compresses as source code does, and bytes
 * that do not compress at all. Both depend on a seed and nothing else.
 */
import { createCipheriv, createHash } from 'node:crypto';

/** That many bytes of a key stream (AES-256 in counter mode): no compressor makes them smaller. */
export function incompressible(seed: string, bytes: number): Buffer {
  const key = createHash('sha256').update(seed).digest();
  return createCipheriv('aes-256-ctr', key, Buffer.alloc(16)).update(Buffer.alloc(bytes));
}

/** A Go file of at least that many bytes that deflates to about a quarter, as ordinary source code does. */
export function goSource(packageName: string, seed: string, bytes: number): string {
  const word = wordsOf(seed);
  let text = `// Package ${packageName} has nothing to say.\npackage ${packageName}\n`;
  while (text.length < bytes) {
    const name = `${word()}${word()}${word()}`;
    text +=
      `\n// ${name} returns the ${word()} of ${word()} and the ${word()} that ${word()} left.\n` +
      `func ${name}(${word()}1 int, ${word()}2 string) (int, error) {\n` +
      `\tif ${word()} := len("${word()} ${word()}"); ${word()} > ${word().length} {\n\t\treturn ${word().length}, nil\n\t}\n` +
      `\treturn 0, nil\n}\n`;
  }
  return text;
}

const WORDS = [
  ...['account', 'address', 'amount', 'answer', 'balance', 'bucket', 'buffer', 'cache', 'channel', 'client'],
  ...['commit', 'context', 'counter', 'cursor', 'deadline', 'digest', 'element', 'entry', 'failure', 'field'],
  ...['filter', 'folder', 'handle', 'header', 'invoice', 'journal', 'ledger', 'limit', 'listener', 'mapping'],
  ...['message', 'metric', 'module', 'number', 'object', 'offset', 'option', 'order', 'package', 'parser'],
  ...['payload', 'pointer', 'policy', 'prefix', 'process', 'project', 'query', 'queue', 'reader', 'record'],
  ...['region', 'reply', 'request', 'result', 'retry', 'schema', 'secret', 'segment', 'server', 'session'],
  ...['shard', 'signal', 'snapshot', 'source', 'status', 'stream', 'switch', 'symbol', 'table', 'ticket'],
  ...['token', 'tracer', 'transfer', 'update', 'vector', 'version', 'visitor', 'volume', 'worker', 'writer'],
];

/** An endless sequence of words: a xorshift generator started from the hash of the seed. */
function wordsOf(seed: string): () => string {
  let state = createHash('sha256').update(seed).digest().readUInt32LE(0) | 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return WORDS[(state >>> 0) % WORDS.length] ?? '';
  };
}
