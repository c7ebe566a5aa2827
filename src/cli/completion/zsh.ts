import { quoted } from './commands.ts';
import type { CompletedCommand, Value } from './commands.ts';

/** For zsh with compinit; works sourced as well as from a folder of `fpath`. */
export function zshScript(program: string, commands: readonly CompletedCommand[]): string {
  const name = `_${program}`;
  return `#compdef ${program}
# zsh completion for ${program}. Load it with: source <(${program} completion zsh)
${name}() {
  local at='' word previous=\${words[CURRENT-1]}
  local -a flags names
  for word in \${words[2,CURRENT-1]}; do
    case "$at $word" in
${commands.filter(({ words }) => words !== '').map(({ words }) => `      ${quoted(words.includes(' ') ? words : ` ${words}`)}) at=${quoted(words)} ;;`).join('\n')}
    esac
  done
  case "$at $previous" in
${commands.flatMap(({ words, flags }) => flags.flatMap(({ flag, value }) => (value === null ? [] : [`    ${quoted(`${words} ${flag}`)}) ${offer(value)}; return ;;`]))).join('\n')}
  esac
  case "$at" in
${commands.map((command) => `    ${quoted(command.words)})
      flags=(${command.flags.map(({ flag, description }) => described(flag, description)).join(' ')})
      names=(${command.children.map((child) => described(child.name, child.description)).join(' ')})
      if [[ $PREFIX == -* ]]; then _describe -o flag flags; elif (( $#names )); then _describe command names; else ${offer(command.argument)}; fi ;;`).join('\n')}
  esac
}
if [[ $funcstack[1] == ${name} ]]; then ${name} "$@"; else compdef ${name} ${program}; fi
`;
}

/** A word and what it means, as _describe wants them. */
function described(word: string, description: string): string {
  return quoted(`${word.replaceAll(':', '\\:')}:${description}`);
}

function offer(value: Value): string {
  switch (value.kind) {
    case 'words':
      return `compadd -- ${value.words.map(quoted).join(' ')}`;
    case 'path':
      return '_files';
    case 'text':
      return ':';
  }
}
