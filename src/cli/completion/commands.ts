import type { Command } from 'commander';

/** What may follow a flag or stand as an argument. */
export type Value = { readonly kind: 'words'; readonly words: readonly string[] } | { readonly kind: 'path' } | { readonly kind: 'text' };

export interface CompletedFlag {
  /** With its hyphens. */
  readonly flag: string;
  readonly description: string;
  /** Null for one that takes none. */
  readonly value: Value | null;
}

export interface CompletedCommand {
  /** The words that lead to it, `runs show`; empty for the program itself. */
  readonly words: string;
  readonly description: string;
  readonly flags: readonly CompletedFlag[];
  readonly argument: Value;
  readonly children: readonly { readonly name: string; readonly description: string }[];
}

/** The program and all its commands, parents before their children. The flags of a command hold for those below it, too. */
export function commandsOf(program: Command): readonly CompletedCommand[] {
  return commandsBelow(program, [], []);
}

function commandsBelow(command: Command, parents: readonly string[], inherited: readonly CompletedFlag[]): readonly CompletedCommand[] {
  const help = command.createHelp();
  const children = help.visibleCommands(command).filter((child) => child.name() !== 'help');
  const flags = help.visibleOptions(command).flatMap(({ long, description, required, optional, argChoices, flags: written }) =>
    long === undefined || long === null ? [] : [{ flag: long, description, value: required || optional ? valueOf(argChoices, written) : null }]);
  const own: CompletedCommand = {
    words: parents.join(' '),
    description: command.description(),
    flags: [...inherited.filter(({ flag }) => !flags.some((each) => each.flag === flag)), ...flags],
    argument: command.registeredArguments[0] === undefined ? { kind: 'text' } : valueOf(command.registeredArguments[0].argChoices, `<${command.registeredArguments[0].name()}>`),
    children: children.map((child) => ({ name: child.name(), description: child.description() })),
  };
  return [own, ...children.flatMap((child) => commandsBelow(child, [...parents, child.name()], parents.length === 0 ? [] : flags))];
}

function valueOf(choices: readonly string[] | undefined, written: string): Value {
  if (choices !== undefined) return { kind: 'words', words: choices };
  return written.includes('<path>') ? { kind: 'path' } : { kind: 'text' };
}

/** Text between single quotes, for sh and its kin. */
export function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
