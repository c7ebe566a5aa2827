import { isoInstant, isoSeconds } from '../time.ts';
import type { Instant } from '../time.ts';
import { whatToType } from './command.ts';
import type { Notice } from './notice.ts';
import { failedRuns } from './run-failed.ts';

export const CLOUD_EVENT_TYPE = 'application/cloudevents+json';

/** The notice as a CloudEvent 1.0 in structured mode (CloudEvents specification 1.0, JSON event format). */
export function cloudEvent(notice: Notice): string {
  return JSON.stringify({
    specversion: '1.0',
    id: notice.id,
    source: `snapkeep/${notice.instance}`,
    type: `io.snapkeep.${notice.event}`,
    ...(notice.policy === null ? {} : { subject: notice.policy }),
    time: isoInstant(notice.at),
    datacontenttype: 'application/json',
    data: { ...dataOf(notice), command: whatToType(notice) },
  });
}

function dataOf(notice: Notice): object {
  switch (notice.event) {
    case 'run.failed': {
      const { policy, target, due, trigger, isFinal, runs, volumes } = notice;
      return { policy, target, due: isoSeconds(due), trigger, final: isFinal, runs, volumes, moreVolumes: failedRuns(runs) - volumes.length };
    }
    case 'volume.overdue': {
      const { policy, target, rpo, count, volumes } = notice;
      const each = volumes.map(({ id, name, lastGoodAt, lagSeconds, reason }) => ({ id, name, lastGoodAt: isoOrNull(lastGoodAt), rpoLagSeconds: lagSeconds, reason }));
      return { policy, target, rpoSeconds: rpo / 1000, volumes: each, moreVolumes: count - volumes.length };
    }
    case 'volume.recovered': {
      const { policy, target, count, volumes, stillOverdue } = notice;
      const each = volumes.map(({ id, lastGoodAt }) => ({ id, lastGoodAt: isoOrNull(lastGoodAt) }));
      return { policy, target, volumes: each, moreVolumes: count - volumes.length, stillOverdue };
    }
    case 'prune.braked': {
      const { policy, target, reason, expired, good } = notice;
      return { policy, target, reason, expired, good };
    }
    case 'config.refused':
      return { problems: notice.problems, message: notice.message };
  }
}

function isoOrNull(at: Instant | null): string | null {
  return at === null ? null : isoInstant(at);
}
