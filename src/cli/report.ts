/**
 * `modhaven report`: what a person who helps needs to know, in one command and without a secret: versions, configuration,
 * status and recent errors. Each part is looked at by itself, so that one that is broken does not hide the others.
 */
import { statfs } from 'node:fs/promises';
import os from 'node:os';
import { parseConfig, readConfig, type Config } from '../config/load-config.js';
import { formatListen } from '../config/listen.js';
import { settingSources, type SettingSource } from '../config/sources.js';
import { errorMessage, isModhavenError } from '../errors.js';
import { sizeText } from '../size-text.js';
import { redact, redactDeep } from '../redact.js';
import { loadVanity } from '../vanity/vanity-file.js';
import { toolVersions } from '../vcs/transport/tool-versions.js';
import { formatProblem } from '../yaml/problems.js';
import { askServer, type AskedServer } from './probe/ask-server.js';
import { jsonText } from './output/json-text.js';

export interface ReportCommandOptions {
  config?: string;
  json?: boolean;
  /** Of this program. */
  version: string;
}

interface SupportReport {
  at: string;
  versions: Record<'modhaven' | 'node' | 'git' | 'ssh' | 'system', string>;
  configuration: {
    file: string | undefined;
    error: string | undefined;
    warnings: readonly string[];
    settings: SettingSource[];
  };
  vanity: { file: string; rules: number; warnings: string[]; error: string | undefined } | undefined;
  disk: { dir: string; freeBytes: number | undefined; totalBytes: number | undefined } | undefined;
  server: (AskedServer & { address: string }) | undefined;
}

/** The report as text, and whether the configuration can be read and the server answers. */
export async function report(options: ReportCommandOptions): Promise<{ text: string; ok: boolean }> {
  const { config, ...configuration } = readConfiguration(options.config);
  const vanity = config && readVanity(config);
  const result: SupportReport = {
    at: new Date().toISOString(),
    versions: {
      modhaven: options.version,
      node: process.versions.node,
      ...(await toolVersions()),
      system: `${os.type()} ${os.release()} ${process.arch}, ${os.availableParallelism()} processors, ${sizeText(os.totalmem())} of memory`,
    },
    configuration,
    vanity,
    disk: config && (await diskOf(config.cacheDir)),
    server: config && {
      address: formatListen(config.listen),
      ...(await askServer(config.listen, config.tls !== undefined)),
    },
  };
  const isRead = configuration.error === undefined && vanity?.error === undefined;
  const ok = isRead && result.server?.problem === undefined;
  const shown = redactDeep(result) as SupportReport;
  const text = options.json === true ? jsonText({ ok, ...shown }) : `${asText(shown)}\n`;
  return { text, ok };
}

function readConfiguration(
  flag: string | undefined,
): SupportReport['configuration'] & { config: Config | undefined } {
  let file: string | undefined;
  let settings: SettingSource[] = [];
  try {
    const read = readConfig(flag);
    file = read.file;
    settings = settingSources({ ...read, env: process.env });
    const config = parseConfig(read.text, file, process.env);
    return { file, error: undefined, warnings: config.warnings, settings, config };
  } catch (error) {
    return { file: file ?? flag, error: messageOf(error), warnings: [], settings, config: undefined };
  }
}

function readVanity(config: Config): SupportReport['vanity'] {
  const file = config.vanityFile;
  try {
    const map = loadVanity(file, { defaultHost: config.publicHost });
    const warnings = map.warnings.map((warning) => formatProblem(file, warning));
    return { file, rules: map.rules.length, warnings, error: undefined };
  } catch (error) {
    return { file, rules: 0, warnings: [], error: messageOf(error) };
  }
}

async function diskOf(dir: string): Promise<SupportReport['disk']> {
  const found = await statfs(dir).catch(() => undefined);
  const bytes = (blocks: number | undefined) =>
    found === undefined ? undefined : (blocks ?? 0) * found.bsize;
  return { dir, freeBytes: bytes(found?.bavail), totalBytes: bytes(found?.blocks) };
}

function messageOf(error: unknown): string {
  if (!isModhavenError(error)) return errorMessage(error);
  return [error.message, error.reason].filter((part) => part !== undefined).join(': ');
}

function asText({ at, versions, configuration, vanity, disk, server }: SupportReport): string {
  const { file, error, warnings, settings } = configuration;
  const lines = [`report of modhaven, ${at}`, '', '# versions'];
  for (const [name, version] of Object.entries(versions)) lines.push(`${name}: ${version}`);
  lines.push('', `# configuration: ${file ?? 'no file'}`);
  if (error !== undefined) lines.push(`ERROR ${error}`);
  for (const warning of warnings) lines.push(`warning: ${warning}`);
  for (const { key, value, from, place } of settings) {
    if (from !== 'default' || value !== '') lines.push(`${key}: ${value} (${place === '' ? from : place})`);
  }
  if (vanity !== undefined) {
    lines.push('', `# rules: ${vanity.rules} in ${vanity.file}`);
    if (vanity.error !== undefined) lines.push(`ERROR ${vanity.error}`);
    for (const warning of vanity.warnings) lines.push(`warning: ${warning}`);
  }
  if (disk !== undefined) {
    const { freeBytes = 0, totalBytes = 0 } = disk;
    const sizes =
      disk.totalBytes === undefined
        ? 'cannot be read'
        : `${sizeText(freeBytes)} free of ${sizeText(totalBytes)}`;
    lines.push('', `# cache: ${disk.dir}: ${sizes}`);
  }
  if (server !== undefined) {
    lines.push('', `# server at ${server.address}`);
    lines.push(
      server.problem === undefined ? JSON.stringify(server.status, null, 2) : `no status: ${server.problem}`,
    );
  }
  return redact(lines.join('\n'));
}
