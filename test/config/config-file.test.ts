import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { findConfigFile, userConfigFile, userDataDir } from '../../src/config/config-file.js';
import { loadConfig } from '../../src/config/load-config.js';
import { tempDir } from '../support/tmp.js';
import { messageOf } from '../support/message-of.js';

let home: string;
let cwd: string;

function write(...names: string[]): string {
  const file = join(...names);
  mkdirSync(join(file, '..'), { recursive: true });
  writeFileSync(file, '');
  return file;
}

beforeEach(async () => {
  home = await tempDir('home');
  cwd = await tempDir('cwd');
  vi.spyOn(process, 'cwd').mockReturnValue(cwd);
});
afterEach(() => void vi.restoreAllMocks());

describe('findConfigFile', () => {
  it('prefers the command line, then the variable, then the folder, then the account', () => {
    const env = { HOME: home };
    expect(findConfigFile(undefined, env)).toBeUndefined();
    const user = write(home, '.config/modhaven/modhaven.yaml');
    expect(findConfigFile(undefined, env)).toBe(user);
    const named = write(home, 'named.yaml');
    expect(findConfigFile(undefined, { ...env, MODHAVEN_CONFIG: named })).toBe(named);
    expect(findConfigFile('flag.yaml', { ...env, MODHAVEN_CONFIG: named })).toBe('flag.yaml');
  });

  it('says that the file of the variable is not there', () => {
    expect(messageOf(() => findConfigFile(undefined, { MODHAVEN_CONFIG: '/nowhere/m.yaml' }))).toBe(
      'the variable MODHAVEN_CONFIG names /nowhere/m.yaml, and there is no such file',
    );
  });

  it('knows the folders of XDG and of Windows; a relative one does not count', () => {
    expect(userConfigFile({ HOME: '/h', XDG_CONFIG_HOME: '/x', APPDATA: '/a' })).toBe(
      '/x/modhaven/modhaven.yaml',
    );
    expect(userConfigFile({ APPDATA: '/a' })).toBe('/a/modhaven/modhaven.yaml');
    expect(userConfigFile({ HOME: '/h', XDG_CONFIG_HOME: 'x' })).toBe('/h/.config/modhaven/modhaven.yaml');
    expect(userConfigFile({})).toBeUndefined();
  });
});

describe('the default of cache.dir', () => {
  it('is ./data beside a file, and where data belong for the file of the account', () => {
    const user = write(home, '.config/modhaven/modhaven.yaml');
    const other = write(cwd, 'conf/modhaven.yaml');
    const env = { HOME: home };
    expect(loadConfig(other, env).cacheDir).toBe(join(cwd, 'conf/data'));
    expect(loadConfig(undefined, env)).toMatchObject({
      file: user,
      cacheDir: join(home, '.local/share/modhaven'),
      vanityFile: join(home, '.config/modhaven/vanity.yaml'),
    });
    expect(loadConfig(undefined, { ...env, XDG_DATA_HOME: '/d' }).cacheDir).toBe('/d/modhaven');
    expect(loadConfig(undefined, { ...env, MODHAVEN_CACHE_DIR: '/c' }).cacheDir).toBe('/c');
    expect(loadConfig(other, { ...env, XDG_DATA_HOME: '/d' }).cacheDir).toBe(join(cwd, 'conf/data'));
  });

  it('without a file follows what the account says', () => {
    expect(userDataDir(undefined, { HOME: home })).toBeUndefined();
    expect(userDataDir(undefined, { LOCALAPPDATA: '/l' })).toBe('/l/modhaven');
    expect(loadConfig(undefined, { HOME: home, XDG_DATA_HOME: '/d' }).cacheDir).toBe('/d/modhaven');
  });
});
