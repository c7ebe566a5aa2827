import { existsSync } from 'node:fs';
import { request, type RequestOptions } from 'node:http';

const defaultSocket = '/var/run/docker.sock';

let answer: Promise<boolean> | undefined;

/** Whether a Docker engine answers a ping within two seconds; asked once for each test process. */
export function dockerAnswers(): Promise<boolean> {
  answer ??= ping();
  return answer;
}

async function ping(): Promise<boolean> {
  const host = process.env['DOCKER_HOST'] ?? '';
  if (host === '' && !existsSync(defaultSocket)) return false;
  const options = host === '' ? { socketPath: defaultSocket } : engineAddress(host);
  // An address this cannot ping (TLS, ssh) was given on purpose: let the container library find out.
  if (options === null) return true;
  return new Promise((resolve) => {
    const ask = request({ ...options, path: '/_ping', timeout: 2_000 }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    ask.on('timeout', () => ask.destroy());
    ask.on('error', () => resolve(false));
    ask.end();
  });
}

function engineAddress(host: string): RequestOptions | null {
  if (host.startsWith('unix://')) return { socketPath: host.slice('unix://'.length) };
  if (!host.startsWith('tcp://') || process.env['DOCKER_TLS_VERIFY']) return null;
  const { hostname, port } = new URL(host);
  return { host: hostname, port: port === '' ? 2375 : Number(port) };
}
