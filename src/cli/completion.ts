/** `modhaven completion`: a script that completes commands and options, made from the commands themselves. */

/** A command, as far as a completion knows it. */
export interface CommandWords {
  name: string;
  description: string;
  options: readonly { flag: string; description: string }[];
  commands: readonly CommandWords[];
}

export type CompletionShell = 'bash' | 'zsh' | 'fish';

/** The script for `shell`. Arguments that are neither a command nor an option are completed as file names. */
export function completionScript(shell: CompletionShell, program: CommandWords): string {
  switch (shell) {
    case 'bash':
      return bashScript(program);
    case 'zsh':
      return `#compdef ${program.name}\nautoload -U +X bashcompinit && bashcompinit\n${bashScript(program)}`;
    case 'fish':
      return fishScript(program);
  }
}

/** Every command with the words before it: `sumdb verify`. */
function flatten(command: CommandWords, before = ''): { path: string; command: CommandWords }[] {
  return command.commands.flatMap((child) => {
    const path = before === '' ? child.name : `${before} ${child.name}`;
    return [{ path, command: child }, ...flatten(child, path)];
  });
}

function wordsOf(command: CommandWords): string {
  return [
    ...command.commands.map(({ name }) => name),
    ...command.options.map(({ flag }) => flag),
    '--help',
  ].join(' ');
}

function bashScript(program: CommandWords): string {
  const cases = flatten(program).map(({ path, command }) => `    '${path}') words='${wordsOf(command)}' ;;`);
  return `# bash completion for ${program.name}: eval "$(${program.name} completion bash)"
_${program.name}() {
  local current="\${COMP_WORDS[COMP_CWORD]}" path='' words='' word
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "$word" in -*) ;; *) case " $path" in *' '*' '*) ;; *) path="\${path:+$path }$word" ;; esac ;; esac
  done
  words='${wordsOf(program)}'
  case "$path" in '') ;; *) words='' ;; esac
  case "$path" in
${cases.join('\n')}
    *) case "\${path%% *}" in
${flatten(program)
  .filter(({ path }) => !path.includes(' '))
  .map(
    ({ path, command }) =>
      `      '${path}') words='${command.options.map(({ flag }) => flag).join(' ')} --help' ;;`,
  )
  .join('\n')}
      esac ;;
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -o default -F _${program.name} ${program.name}
`;
}

function fishScript(program: CommandWords): string {
  const quote = (text: string) => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
  const lines = [`# fish completion for ${program.name}: ${program.name} completion fish | source`];
  for (const { name, description } of program.commands) {
    lines.push(`complete -c ${program.name} -n __fish_use_subcommand -a ${name} -d ${quote(description)}`);
  }
  for (const command of program.commands) {
    const condition = `'__fish_seen_subcommand_from ${command.name}'`;
    for (const child of command.commands) {
      lines.push(
        `complete -c ${program.name} -n ${condition} -a ${child.name} -d ${quote(child.description)}`,
      );
    }
    for (const { flag, description } of [
      ...command.options,
      ...command.commands.flatMap(({ options }) => options),
    ]) {
      lines.push(
        `complete -c ${program.name} -n ${condition} -l ${flag.replace(/^--/, '')} -d ${quote(description)}`,
      );
    }
  }
  return `${[...new Set(lines)].join('\n')}\n`;
}
