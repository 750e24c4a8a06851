/** The keys of one entry of `vcs.hosts`. */
import { isIP } from 'node:net';
import { z } from 'zod';
import { File, OneLine } from './schema-values.js';

/** These make ssh run a program of its own, which no setting of a git host should do by the way. */
const COMMAND_OPTIONS = [
  'proxycommand',
  'localcommand',
  'permitlocalcommand',
  'remotecommand',
  'knownhostscommand',
];

const SshOptionName = z.string().superRefine((name, context) => {
  if (!/^[A-Za-z0-9]+$/.test(name)) {
    context.addIssue({
      code: 'custom',
      message: 'is not the name of an ssh option (letters and digits, see ssh_config(5))',
    });
  } else if (COMMAND_OPTIONS.includes(name.toLowerCase())) {
    context.addIssue({
      code: 'custom',
      message: 'makes ssh run a command and is refused here; set it in ~/.ssh/config',
    });
  }
});

const SshOptionValue = z
  .union([z.string(), z.number(), z.boolean()], { error: 'must be text, a number or true or false' })
  .transform((value) => (typeof value === 'boolean' ? (value ? 'yes' : 'no') : String(value)))
  .refine((value) => value !== '' && !/\p{Cc}/u.test(value), { error: 'must be one line of text' });

/** One entry of `vcs.hosts`, as written in the file. */
export const HostEntry = z
  .strictObject({
    username: OneLine.optional().describe('http: the name sent with the token. Default: oauth2.'),
    token: OneLine.optional().describe(
      'http: sent as the password; best taken from a variable, ${NAME}. Without token and token_file, ~/.netrc is used.',
    ),
    token_file: File.optional().describe(
      'http: a file that holds the token; read at every use, so a rotated token needs no restart.',
    ),
    ca_file: File.optional().describe('https: certificates (PEM) to trust for this host.'),
    insecure_tls: z
      .boolean()
      .default(false)
      .describe('https: true accepts any certificate. Anyone on the way can then read the token.'),
    follow_redirects: z
      .boolean()
      .default(false)
      .describe(
        'http: true lets the host send git to another server, as git follows redirects by itself. Default: only within the host.',
      ),
    identity_file: File.optional().describe(
      "ssh: private key. Default: what ~/.ssh/config and ssh's own defaults say.",
    ),
    known_hosts_file: File.optional().describe(
      "ssh: known host keys. Default: what ~/.ssh/config and ssh's own defaults say.",
    ),
    ssh_options: z
      .preprocess((value: unknown) => value ?? {}, z.record(SshOptionName, SshOptionValue))
      .prefault({})
      .describe(
        'ssh: options of ssh_config(5), for instance KexAlgorithms: +diffie-hellman-group1-sha1 for an old server.',
      ),
  })
  .superRefine((entry, context) => {
    if (entry.token !== undefined && entry.token_file !== undefined) {
      context.addIssue({
        code: 'custom',
        path: ['token_file'],
        message: 'stands beside token; keep one of the two',
      });
    }
    if (entry.ca_file !== undefined && entry.insecure_tls) {
      context.addIssue({
        code: 'custom',
        path: ['insecure_tls'],
        message: 'stands beside ca_file; keep one of the two',
      });
    }
  });

export const HostKey = z.string().superRefine((key, context) => {
  const [, bracketed, name, port] =
    /^(?:\[([0-9A-Fa-f:.]+)\]|([\p{L}\p{N}._-]+))(?::(\d{1,5}))?(?:\/[^/\s?#]+)*$/u.exec(key) ?? [];
  const valid =
    (bracketed !== undefined ? isIP(bracketed) === 6 : name !== undefined) && Number(port ?? 1) <= 65535;
  if (!valid) {
    context.addIssue({
      code: 'custom',
      message:
        "must be HOST, HOST:PORT or one of these with a /path, as in the repository's URL, without scheme",
    });
  }
});
