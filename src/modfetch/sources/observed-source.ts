/** A source of modules that tells of what it is asked, and under which name. */
import type { ModulePath } from '../../module/module-path.js';
import type { CanonicalVersion } from '../../module/version.js';
import type { Info } from '../../module/info.js';
import type { Activity, SourceName } from '../../observe/events.js';
import { measure } from '../../observe/observe.js';
import type { ModuleSource, SourceInfo, SourceList, SourceMod, SourceZip } from '../repo.js';

export class ObservedSource implements ModuleSource {
  private readonly name: SourceName;
  private readonly inner: ModuleSource;

  constructor(name: SourceName, inner: ModuleSource) {
    this.name = name;
    this.inner = inner;
  }

  list(module: ModulePath): Promise<SourceList> {
    return measure(this.fetch('list', module, undefined), () => this.inner.list(module));
  }

  info(module: ModulePath, query: string): Promise<SourceInfo> {
    return measure(this.fetch('info', module, query), () => this.inner.info(module, query));
  }

  mod(module: ModulePath, version: CanonicalVersion, pinned?: Info): Promise<SourceMod> {
    return measure(this.fetch('mod', module, version), () => this.inner.mod(module, version, pinned));
  }

  async zip(module: ModulePath, version: CanonicalVersion, pinned?: Info): Promise<SourceZip> {
    const found = await measure(this.fetch('zip', module, version), () =>
      this.inner.zip(module, version, pinned),
    );
    const delivery: Activity = { type: 'deliver', source: this.name, module, query: version };
    return { ...found, deliver: (target) => measure(delivery, () => found.deliver(target)) };
  }

  private fetch(
    kind: 'list' | 'info' | 'mod' | 'zip',
    module: ModulePath,
    query: string | undefined,
  ): Activity {
    return { type: 'fetch', source: this.name, kind, module, query };
  }
}
