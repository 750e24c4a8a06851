/** What replicas tell each other over Redis: pushes, purges, edited files. A message that is lost costs time. */
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { keyPrefix } from './lease-scripts.js';
import type { RedisLink } from './redis-link.js';

/** Longer messages are not sent, and not read. */
const MAX_LENGTH = 256 * 1024;

/** `push`: a webhook. `purged`: look for purges. `reload`: read the files again. */
const Message = z.discriminatedUnion('type', [
  z.object({ from: z.string(), type: z.literal('purged') }),
  z.object({ from: z.string(), type: z.literal('reload') }),
  z.object({ from: z.string(), type: z.literal('push'), push: z.unknown() }),
]);

export type ReplicaMessage = z.output<typeof Message>;
type Sent = { type: 'purged' } | { type: 'reload' } | { type: 'push'; push: unknown };

export class ReplicaMessages {
  private readonly link: RedisLink;
  private readonly channel: string;
  private readonly own = randomUUID();

  /** `scope` names the store that the replicas share. */
  constructor(link: RedisLink, scope: string) {
    this.link = link;
    this.channel = `${keyPrefix(scope)}replicas`;
  }

  /** Begins to listen. `onMissed`: messages may have been lost, and nothing that may change should be believed. */
  async listen(onMessage: (message: ReplicaMessage) => void, onMissed: () => void): Promise<void> {
    await this.link.connect({
      channel: this.channel,
      onMissed,
      onMessage: (text) => {
        const message = text.length > MAX_LENGTH ? undefined : readMessage(text);
        if (message !== undefined && message.from !== this.own) onMessage(message);
      },
    });
  }

  /** Tells all other replicas, as far as Redis reaches them, also one that is slow and is asked nothing for a moment. Never fails. */
  tell(message: Sent): void {
    const text = JSON.stringify({ ...message, from: this.own });
    if (text.length <= MAX_LENGTH) this.link.send((client) => client.publish(this.channel, text));
  }
}

/** Undefined for what is not a message of this version. */
export function readMessage(text: string): ReplicaMessage | undefined {
  try {
    return Message.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}
