import type { Command } from 'commander';
import { bashScript } from './completion/bash.ts';
import { commandsOf } from './completion/commands.ts';
import { fishScript } from './completion/fish.ts';
import { zshScript } from './completion/zsh.ts';
import { EXIT } from './io.ts';
import type { Io } from './io.ts';

const scripts = { bash: bashScript, zsh: zshScript, fish: fishScript } as const;
export type Shell = keyof typeof scripts;

/** Prints a completion script for a shell: all commands with their flags and the words these take. It asks nothing when it runs. */
export async function runCompletion(shell: Shell, program: Command, io: Io): Promise<number> {
  io.stdout.write(scripts[shell](program.name(), commandsOf(program)));
  return EXIT.done;
}
