import { quoted } from './commands.ts';
import type { CompletedCommand, Value } from './commands.ts';

/** For bash 4 and later; needs nothing but bash. */
export function bashScript(program: string, commands: readonly CompletedCommand[]): string {
  const name = `_${program}`;
  return `# bash completion for ${program}. Load it with: source <(${program} completion bash)
${name}_words() { mapfile -t COMPREPLY < <(compgen -W "$1" -- "\${COMP_WORDS[COMP_CWORD]}"); }
${name}_paths() { compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -f -- "\${COMP_WORDS[COMP_CWORD]}"); }
${name}() {
  local at='' word previous=\${COMP_WORDS[COMP_CWORD-1]} current=\${COMP_WORDS[COMP_CWORD]}
  COMPREPLY=()
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "$at $word" in
${commands.filter(({ words }) => words !== '').map(({ words }) => `      ${quoted(words.includes(' ') ? words : ` ${words}`)}) at=${quoted(words)} ;;`).join('\n')}
    esac
  done
  case "$at $previous" in
${commands.flatMap(({ words, flags }) => flags.flatMap(({ flag, value }) => (value === null ? [] : [`    ${quoted(`${words} ${flag}`)}) ${offer(name, value)}; return ;;`]))).join('\n')}
  esac
  case "$at" in
${commands.map((command) => `    ${quoted(command.words)})
      if [[ $current == -* ]]; then ${name}_words ${quoted(command.flags.map(({ flag }) => flag).join(' '))}
      else ${command.children.length > 0 ? offer(name, { kind: 'words', words: command.children.map((child) => child.name) }) : offer(name, command.argument)}; fi ;;`).join('\n')}
  esac
}
complete -F ${name} ${program}
`;
}

function offer(name: string, value: Value): string {
  switch (value.kind) {
    case 'words':
      return `${name}_words ${quoted(value.words.join(' '))}`;
    case 'path':
      return `${name}_paths`;
    case 'text':
      return ':';
  }
}
