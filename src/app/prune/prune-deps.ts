import type { Clock } from '../ports/clock.ts';
import type { Clouds } from '../ports/clouds.ts';
import type { Ledger } from '../ports/ledger.ts';
import type { Policies } from '../ports/policies.ts';
import type { PruneBook } from '../ports/prune-book.ts';
import type { Telemetry } from '../ports/telemetry.ts';

export interface PruneDeps {
  readonly ledger: Pick<Ledger, 'now' | 'lastGoodOf' | 'openFirings' | 'run'>;
  readonly book: PruneBook;
  readonly policies: Policies;
  readonly clouds: Clouds;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
}
