import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { stringify } from 'yaml';
import { freePort } from '../../support/free-port.ts';
import { tempDir } from '../../support/temp-dir.ts';
import { waitFor } from '../../support/wait-for.ts';
import { findProgram } from './programs.ts';

export interface Prometheus extends AsyncDisposable {
  /** The series that a selector has had in the last minutes, each with its labels. */
  series(selector: string): Promise<readonly Readonly<Record<string, string>>[]>;
  /** Evaluates a query now. Throws where Prometheus refuses it. */
  query(expr: string): Promise<readonly { readonly metric: Readonly<Record<string, string>> }[]>;
  /** What went wrong with the last scrape of the target; empty where nothing did. */
  scrapeErrors(): Promise<readonly string[]>;
}

/** A real Prometheus on loopback that scrapes the addresses, and evaluates the rules, every second. */
export async function startPrometheus(options: { readonly scrape: readonly string[]; readonly rules: string }): Promise<Prometheus> {
  const dir = await tempDir('prometheus');
  const config = path.join(dir.path, 'prometheus.yml');
  await writeFile(
    config,
    stringify({
      global: { scrape_interval: '1s', scrape_timeout: '1s', evaluation_interval: '1s' },
      rule_files: [options.rules],
      scrape_configs: [{ job_name: 'snapkeep', static_configs: [{ targets: options.scrape }] }],
    }),
  );
  const address = `127.0.0.1:${await freePort()}`;
  const child = spawn(findProgram('prometheus'), [`--config.file=${config}`, `--storage.tsdb.path=${dir.path}/data`, `--web.listen-address=${address}`], { stdio: ['ignore', 'ignore', 'pipe'] });
  let log = '';
  child.stderr.on('data', (chunk: Buffer) => {
    log = (log + chunk.toString()).slice(-4_000);
  });
  const exited = once(child, 'close');

  async function get<T>(route: string, parameters: Readonly<Record<string, string>>): Promise<T> {
    const answer = await fetch(`http://${address}/api/v1/${route}?${new URLSearchParams(parameters).toString()}`);
    const body = (await answer.json()) as { status: string; error?: string; data: T };
    if (body.status !== 'success') throw new Error(`Prometheus: ${body.error} (${JSON.stringify(parameters)})`);
    return body.data;
  }

  async function stop(): Promise<void> {
    child.kill('SIGKILL');
    await exited;
    await dir.remove();
  }

  const ready = async (): Promise<boolean> => {
    if (child.exitCode !== null) throw new Error(`Prometheus ended at once:\n${log}`);
    return (await fetch(`http://${address}/-/ready`)).ok;
  };
  await waitFor(ready, Boolean, { what: 'Prometheus to be ready', timeoutMs: 30_000 }).catch(async (error: unknown) => {
    await stop();
    throw error;
  });
  return {
    series: (selector) => get('series', { 'match[]': selector }),
    query: async (expr) => (await get<{ result: { metric: Record<string, string> }[] }>('query', { query: expr })).result,
    scrapeErrors: async () => (await get<{ activeTargets: { lastError: string }[] }>('targets', {})).activeTargets.map(({ lastError }) => lastError).filter((error) => error !== ''),
    [Symbol.asyncDispose]: stop,
  };
}
