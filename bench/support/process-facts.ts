import { readFile } from 'node:fs/promises';

/** The most memory a process has had resident since it began, MB. Linux only, as all of this file. */
export async function peakMb(pid: number): Promise<number> {
  return statusMb(pid, 'VmHWM');
}

/** What a process has resident now, MB. */
export async function residentMb(pid: number): Promise<number> {
  return statusMb(pid, 'VmRSS');
}

/** Processor time that a process has used since it began, ms, in steps of 10. */
export async function cpuMs(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
  // Fields behind the name, which may itself have blanks and brackets: proc(5), utime is the 14th of all, stime the 15th.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

async function statusMb(pid: number, field: string): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(new RegExp(`${field}:\\s+(\\d+) kB`).exec(status)?.[1] ?? Number.NaN) / 1024;
}
