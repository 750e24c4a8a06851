/** `modhaven env`: what a developer's machine has to be told, computed from the configuration. */
import { loadConfig, passesPublicModules } from '../config/load-config.js';
import { readSigner } from '../sumdb/log/key-file.js';
import { formatDeveloperEnv } from '../vanity/developer-env.js';
import { loadVanity } from '../vanity/vanity-file.js';
import type { EnvFormat } from './env-formats.js';

export interface EnvOptions {
  config?: string;
  format: EnvFormat;
}

/** The text to print. Throws CONFIG. */
export function env({ config: file, format }: EnvOptions): string {
  const config = loadConfig(file);
  const { sumdb } = config;
  const settings = {
    ...config,
    map: loadVanity(config.vanityFile, { defaultHost: config.publicHost }),
    sumdbKey: sumdb && readSigner(sumdb).verifier.text,
    hasUpstream: passesPublicModules(config),
  };
  return formatDeveloperEnv(settings, format);
}
