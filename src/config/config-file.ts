/**
 * Where modhaven.yaml and the cache are when no option or variable says so: the places where programs of this kind are configured on each
 * system (XDG Base Directory Specification; `APPDATA` and `LOCALAPPDATA` on Windows).
 */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { ModhavenError } from '../errors.js';

const NAME = 'modhaven.yaml';

/**
 * The file to read: `flag` (of the command line), else `MODHAVEN_CONFIG`, else the first that is there of ./modhaven.yaml and
 * `userConfigFile`. Undefined: there is none, and every setting has its default. Throws CONFIG if `MODHAVEN_CONFIG` names a
 * file that is not there.
 */
export function findConfigFile(flag: string | undefined, env: NodeJS.ProcessEnv): string | undefined {
  if (flag !== undefined) return flag;
  const named = env.MODHAVEN_CONFIG;
  if (named !== undefined && named !== '') {
    if (existsSync(named)) return named;
    throw new ModhavenError(
      'CONFIG',
      `the variable MODHAVEN_CONFIG names ${named}, and there is no such file`,
      {
        remedy: 'correct the path, or unset the variable',
      },
    );
  }
  return [NAME, userConfigFile(env)].find((file) => file !== undefined && existsSync(file));
}

/** `$XDG_CONFIG_HOME/modhaven/modhaven.yaml`, `%APPDATA%\modhaven\modhaven.yaml` or `~/.config/modhaven/modhaven.yaml`. */
export function userConfigFile(env: NodeJS.ProcessEnv): string | undefined {
  const folder = absolute(env.XDG_CONFIG_HOME) ?? absolute(env.APPDATA) ?? below(env.HOME, '.config');
  return below(folder, 'modhaven', NAME);
}

/**
 * The default of `cache.dir` where it is not `./data` beside the file: for a file in its place in the home directory, and
 * without a file where the account says where data belong. Stored versions cannot always be fetched again, so they are
 * data, not a cache in the sense of XDG.
 */
export function userDataDir(file: string | undefined, env: NodeJS.ProcessEnv): string | undefined {
  const said = absolute(env.XDG_DATA_HOME) ?? absolute(env.LOCALAPPDATA);
  if (file === undefined) return below(said, 'modhaven');
  const own = userConfigFile(env);
  if (own === undefined || path.resolve(file) !== own) return undefined;
  return below(said ?? below(env.HOME, '.local', 'share'), 'modhaven');
}

/** A relative path in these variables counts as not set (XDG Base Directory Specification). */
function absolute(folder: string | undefined): string | undefined {
  return folder !== undefined && path.isAbsolute(folder) ? folder : undefined;
}

function below(folder: string | undefined, ...names: string[]): string | undefined {
  return folder === undefined || folder === '' ? undefined : path.join(folder, ...names);
}
