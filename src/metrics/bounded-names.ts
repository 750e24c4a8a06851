/** Names that become labels and come from configuration: never more of them than a monitoring system can bear. */

const MAX_NAMES = 200;

export class BoundedNames {
  private readonly names = new Set<string>();

  /** The name, or `other` once there are too many. */
  of(name: string): string {
    if (this.names.has(name)) return name;
    if (this.names.size >= MAX_NAMES) return 'other';
    this.names.add(name);
    return name;
  }
}
