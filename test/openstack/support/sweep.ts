import { rm } from 'node:fs/promises';
import { OURS, OpenStack } from './open-stack.ts';
import { controlFile } from './storage-rules.ts';

/** Before the suite: takes away what an earlier one that was cut off has left. */
export async function setup(): Promise<void> {
  if (controlFile !== undefined) await rm(controlFile, { force: true });
  const cloud = await OpenStack.login();
  await cloud.removeSnapshots(({ metadata }) => metadata['snapkeep_instance']?.startsWith(OURS) === true);
  await cloud.removeVolumes((await cloud.volumes()).filter(({ name }) => name.startsWith(OURS)));
}
