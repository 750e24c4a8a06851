/** When versions and modules were last used, by what was noted (`store/last-use.ts`). In milliseconds since 1970; 0: never. */

export class LastUses {
  private readonly versions: ReadonlyMap<string, number>;
  private readonly modules = new Map<string, number>();

  /** `versions` is `LastUse.all()`. */
  constructor(versions: ReadonlyMap<string, number>) {
    this.versions = versions;
    for (const [key, at] of versions) {
      const module = key.slice(0, key.lastIndexOf('@'));
      this.modules.set(module, Math.max(at, this.ofModule(module)));
    }
  }

  ofVersion({ module, version }: { module: string; version: string }): number {
    return this.versions.get(`${module}@${version}`) ?? 0;
  }

  /** When any version of a module was. */
  ofModule(module: string): number {
    return this.modules.get(module) ?? 0;
  }
}
