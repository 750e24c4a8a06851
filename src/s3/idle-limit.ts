/** Passes a stream on, and fails once nothing has come for a while: a connection that went silent is not waited for. */
import { Transform } from 'node:stream';

/**
 * `ms` counts while the reader waits; a reader that takes its time is not a silent sender. The reader is told what `asError` makes of
 * what went wrong.
 */
export function idleLimit(ms: number, asError: (error: Error) => Error = (error) => error): Transform {
  const limited = new Transform({
    transform(piece, _encoding, done) {
      timer.refresh();
      done(null, piece);
    },
    flush(done) {
      clearTimeout(timer);
      done();
    },
    destroy(error, done) {
      clearTimeout(timer);
      done(error && asError(error));
    },
  });
  const timer: NodeJS.Timeout = setTimeout(() => {
    // Full buffers mean that the reader is slow.
    if (limited.readableLength > 0) {
      timer.refresh();
    } else {
      limited.destroy(Object.assign(new Error(`nothing came for ${ms / 1000} s`), { name: 'TimeoutError' }));
    }
  }, ms);
  timer.unref();
  return limited;
}
