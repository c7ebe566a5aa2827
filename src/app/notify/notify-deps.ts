import type { Clock } from '../ports/clock.ts';
import type { Ledger } from '../ports/ledger.ts';
import type { NoticeBoard } from '../ports/notice-board.ts';
import type { NoticeQueue } from '../ports/notice-queue.ts';
import type { Policies } from '../ports/policies.ts';
import type { Telemetry } from '../ports/telemetry.ts';

export interface NotifyDeps {
  readonly ledger: Ledger;
  readonly board: NoticeBoard;
  readonly queue: NoticeQueue;
  readonly policies: Policies;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
  /** Identity of this process among the replicas. */
  readonly replica: string;
}
