/** Names of what a request does, for faults, latency and the ledger. */
export const operations = [
  'create',
  'show',
  'list',
  'delete',
  'update',
  'metadata',
  'volumes.list',
  'volumes.show',
  'volumes.create',
  'volumes.delete',
  'tags',
  'quota',
  'auth',
  'versions',
  'other',
] as const;

export type Operation = (typeof operations)[number];
