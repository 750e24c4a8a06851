/**
 * How connections are spread over the workers. Each worker accepts for itself, and whichever wakes first gets a connection:
 * of eight that come at once, all may be with one worker, and stay there for as long as they are used. So each says how
 * many it holds, and one that holds too many ends some of them after their next response (`Connection: close`). Their
 * clients connect again, one after the other, which spreads them.
 */
import type { RequestListener, Server } from 'node:http';

/** A worker may hold so many connections more than its share: fewer are not worth a new connection. */
const TOLERANCE = 2;

/** How many connections the holder of `own` should end, given what all workers hold, its own included. */
export function excessOf(own: number, all: readonly number[]): number {
  const share = all.reduce((sum, count) => sum + count, 0) / all.length;
  return own - share < TOLERANCE ? 0 : Math.floor(own - share);
}

/** The connections of one worker. */
export class HeldConnections {
  private held = 0;
  private leaving = 0;

  /** Counts the connections of `server`. */
  countThoseOf(server: Server): void {
    server.on('connection', (socket) => {
      this.held += 1;
      socket.once('close', () => (this.held -= 1));
    });
  }

  get count(): number {
    return this.held;
  }

  /** The connections of the next `count` requests end with their responses. */
  endSome(count: number): void {
    this.leaving = count;
  }

  /** A listener before `next` that has connections end. */
  inFrontOf(next: RequestListener): RequestListener {
    return (request, response) => {
      if (this.leaving > 0) {
        this.leaving -= 1;
        response.shouldKeepAlive = false;
      }
      next(request, response);
    };
  }
}
