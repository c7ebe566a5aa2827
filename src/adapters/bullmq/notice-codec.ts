import { z } from 'zod';
import type { NoticeJob } from '#app/ports/notice-queue';

const events = ['run.failed', 'volume.overdue', 'volume.recovered', 'prune.braked', 'config.refused', 'heartbeat'] as const satisfies readonly NoticeJob['about'][];

const NoticeData = z.object({
  to: z.discriminatedUnion('kind', [z.object({ kind: z.literal('receiver'), name: z.string() }), z.object({ kind: z.literal('heartbeat'), policy: z.string() })]),
  about: z.enum(events),
  policy: z.string().nullable(),
  message: z.object({ contentType: z.string(), body: z.string() }).nullable(),
});

/** What of a call is kept in the job's data; the rest are the job's id and options. */
export function encodeNotice({ to, about, policy, message }: NoticeJob): z.input<typeof NoticeData> {
  return { to, about, policy, message };
}

/** Throws where the data is not such a call. */
export function decodeNotice(job: { readonly id?: string | undefined; readonly data: unknown; readonly opts: { readonly attempts?: number | undefined } }): NoticeJob {
  return { ...NoticeData.parse(job.data), id: job.id ?? '', attempts: job.opts.attempts ?? 1 };
}
