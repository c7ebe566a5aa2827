import { CLOUD_EVENT_TYPE, cloudEvent } from '#domain/notification/cloud-event';
import type { Notice } from '#domain/notification/notice';
import { noticeId } from '#domain/notification/notice-id';
import { receiversOf } from '#domain/notification/receivers';
import { slackMessage } from '#domain/notification/slack-message';
import type { NotificationTarget } from '#domain/policy';
import type { Firing } from '#domain/run';
import type { NoticeJob } from '../ports/notice-queue.ts';

/** With the delays of deliver-notice.ts these take about a day: 14 to 27 hours, by chance. */
const NOTICE_ATTEMPTS = 36;

/** About five minutes: a ping that comes hours late would vouch for a time of which nothing is known. */
const HEARTBEAT_ATTEMPTS = 6;

/** One call for each receiver that wants the notice. */
export function noticeJobs(targets: readonly NotificationTarget[], notice: Notice): readonly NoticeJob[] {
  return receiversOf(targets, notice.event, notice.policy).map(({ name, format }) => ({
    id: noticeId([notice.id, name]),
    to: { kind: 'receiver', name },
    about: notice.event,
    policy: notice.policy,
    message:
      format === 'slack' ? { contentType: 'application/json; charset=utf-8', body: JSON.stringify(slackMessage(notice)) } : { contentType: CLOUD_EVENT_TYPE, body: cloudEvent(notice) },
    attempts: NOTICE_ATTEMPTS,
  }));
}

/** The call that says that a firing was good. */
export function heartbeatJob(instance: string, { policy, due }: Firing): NoticeJob {
  return { id: noticeId([instance, 'heartbeat', policy, due]), to: { kind: 'heartbeat', policy }, about: 'heartbeat', policy, message: null, attempts: HEARTBEAT_ATTEMPTS };
}
