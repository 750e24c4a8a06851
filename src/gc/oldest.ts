/** Chooses what has to go, without holding all that could. */

/** What is chosen from. */
export interface Removable {
  bytes: number;
  /** Milliseconds since 1970. */
  lastUsed: number;
  /** Whether it goes after everything else. */
  isLast?: boolean;
}

/** So many things are held before the newest of them are dropped. */
const FEW = 10_000;

/** Of what is added, the least recently used that together have `needed` bytes; all of it if it has fewer. */
export class Oldest<T extends Removable> {
  private readonly needed: number;
  private held: T[] = [];
  private room = FEW;

  constructor(needed: number) {
    this.needed = needed;
  }

  add(item: T): void {
    this.held.push(item);
    if (this.held.length >= this.room) this.letGo();
  }

  /** What was chosen, the least recently used first. */
  chosen(): readonly T[] {
    this.letGo();
    return this.held;
  }

  private letGo(): void {
    this.held.sort(
      (a, b) => Number(a.isLast ?? false) - Number(b.isLast ?? false) || a.lastUsed - b.lastUsed,
    );
    let count = 0;
    for (let bytes = 0; bytes < this.needed && count < this.held.length; count += 1) {
      bytes += this.held[count]?.bytes ?? 0;
    }
    this.held.length = count;
    this.room = Math.max(FEW, 2 * count);
  }
}
