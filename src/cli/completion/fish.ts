import { quoted } from './commands.ts';
import type { CompletedCommand, Value } from './commands.ts';

/** For fish 3 and later. */
export function fishScript(program: string, commands: readonly CompletedCommand[]): string {
  const lines = commands.flatMap((command) => {
    const when = ` -n ${text(condition(command))}`;
    return [
      ...command.children.map((child) => `complete -c ${program}${when} -a ${text(child.name)} -d ${text(child.description)}`),
      ...command.flags.map(({ flag, description, value }) => `complete -c ${program}${when} -l ${flag.slice(2)}${value === null ? '' : offer(value, ' -x')} -d ${text(description)}`),
      ...(command.argument.kind === 'text' ? [] : [`complete -c ${program}${when}${offer(command.argument, '')}`]),
    ];
  });
  return `# fish completion for ${program}. Load it with: ${program} completion fish | source
complete -c ${program} -f
${lines.join('\n')}
`;
}

function condition({ words, children }: CompletedCommand): string {
  if (words === '') return '__fish_use_subcommand';
  const seen = words.split(' ').map((word) => `__fish_seen_subcommand_from ${word}`);
  return [...seen, ...(children.length === 0 ? [] : [`not __fish_seen_subcommand_from ${children.map(({ name }) => name).join(' ')}`])].join('; and ');
}

function offer(value: Value, exclusive: string): string {
  switch (value.kind) {
    case 'words':
      return `${exclusive} -a ${text(value.words.join(' '))}`;
    case 'path':
      return exclusive === '' ? ' -F' : ' -r -F';
    case 'text':
      return exclusive;
  }
}

/** fish knows two escapes between single quotes. */
function text(value: string): string {
  return quoted(value.replaceAll('\\', '\\\\')).replaceAll("'\\''", "\\'");
}
