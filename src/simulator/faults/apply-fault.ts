import type { Outcome, Prepared, Twists } from '../http/call.ts';
import { refusalReply, type Reply, htmlPage } from '../http/reply.ts';
import { gatewayRefusal, Refusal } from '../http/refusal.ts';
import type { Cloud } from '../state/cloud.ts';
import type { FaultEffect } from './fault-rule.ts';
import { presetRefusal } from './fault-presets.ts';

/** How an answer goes out on the wire. */
export type Delivery =
  | { readonly kind: 'whole' }
  | { readonly kind: 'reset' }
  | { readonly kind: 'never' }
  | { readonly kind: 'truncated' }
  | { readonly kind: 'slow'; readonly delayMs: number };

export interface Verdict {
  readonly outcome: Outcome;
  readonly delivery: Delivery;
  /** Real waiting before the answer goes out. */
  readonly waitMs: number;
}

export interface FaultScene {
  readonly cloud: Cloud;
  readonly requestId: string;
  /** Validates; throws a refusal. */
  readonly prepare: (twists: Twists) => Prepared;
  /** Marks the caller's token as expired and gives the refusal that says so. */
  readonly expireToken: () => Refusal;
  /** Real waiting. */
  readonly sleep: (ms: number) => Promise<void>;
}

const whole: Delivery = { kind: 'whole' };
const defaultSlowMs = 50;

/** Carries a request out, or not, and decides on its answer; `effect` is undefined when nothing is to go wrong. */
export async function applyFault(scene: FaultScene, effect: FaultEffect | undefined): Promise<Verdict> {
  if (effect === undefined) return { outcome: carryOut(scene), delivery: whole, waitMs: 0 };
  switch (effect.kind) {
    case 'respond':
      return verdict({ reply: customReply(effect) });
    case 'code':
      return verdict(refused(scene, presetRefusal(effect)));
    case 'commit-then-504':
      return verdict({ ...carryOutAfter(scene, effect.commitAfterMs), reply: gatewayTimeout(scene) });
    case 'commit-then-reset':
      return { outcome: carryOutAfter(scene, effect.commitAfterMs), delivery: { kind: 'reset' }, waitMs: 0 };
    case 'reset-before':
      return { outcome: nothing(), delivery: { kind: 'reset' }, waitMs: 0 };
    case 'hang': {
      const commits = effect.commit === true || effect.commitAfterMs !== undefined;
      const outcome = commits ? carryOutAfter(scene, effect.commitAfterMs) : nothing();
      return { outcome, delivery: { kind: 'never' }, waitMs: 0 };
    }
    case 'delay':
      if (effect.commit !== 'after') return { outcome: carryOut(scene), delivery: whole, waitMs: effect.delayMs };
      await scene.sleep(effect.delayMs);
      return verdict(carryOut(scene));
    case 'snapshot-error':
      return verdict(carryOut(scene, { snapshotFate: 'error' }));
    case 'snapshot-stuck':
      return verdict(carryOut(scene, { snapshotFate: 'stuck' }));
    case 'delete-error':
      return verdict(carryOut(scene, { deletionFate: 'error_deleting' }));
    case 'delete-bounces':
      return verdict(carryOut(scene, { deletionFate: 'available' }));
    case 'token-expired':
      return verdict(refused(scene, scene.expireToken()));
    case 'html-502':
      return verdict({ reply: htmlReply(502, 'Bad Gateway', 'The proxy server received an invalid response from an upstream server.') });
    case 'malformed-json': {
      const outcome = carryOut(scene);
      return verdict({ ...outcome, reply: { ...outcome.reply, headers: jsonHeaders(outcome.reply), body: '{"snapshot": {"id": "' } });
    }
    case 'truncated-body':
      return { outcome: carryOut(scene), delivery: { kind: 'truncated' }, waitMs: 0 };
    case 'slow-body':
      return { outcome: carryOut(scene), delivery: { kind: 'slow', delayMs: effect.delayMs ?? defaultSlowMs }, waitMs: 0 };
  }
}

function verdict(outcome: Outcome): Verdict {
  return { outcome, delivery: whole, waitMs: 0 };
}

function carryOut(scene: FaultScene, twists: Twists = {}): Outcome {
  try {
    return scene.prepare(twists).commit();
  } catch (error) {
    if (error instanceof Refusal) return refused(scene, error);
    throw error;
  }
}

/** Validated now, done later on the simulated clock, as when a queue is behind. What cannot be done is dropped. */
function carryOutAfter(scene: FaultScene, afterMs: number | undefined): Outcome {
  if (afterMs === undefined || afterMs <= 0) return carryOut(scene);
  try {
    const prepared = scene.prepare({});
    scene.cloud.later(scene.cloud.now() + afterMs, () => {
      try {
        prepared.commit();
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
      }
    });
    return nothing();
  } catch (error) {
    if (error instanceof Refusal) return refused(scene, error);
    throw error;
  }
}

function refused(scene: FaultScene, refusal: Refusal): Outcome {
  return { reply: refusalReply(scene.cloud.identity.flavour, scene.requestId, refusal.parts) };
}

/** An outcome whose answer nobody gets to see. */
function nothing(): Outcome {
  return { reply: { status: 0, headers: {}, body: '' } };
}

/** The gateway says so in its own shape; before a plain Cinder stands some web server. */
function gatewayTimeout(scene: FaultScene): Reply {
  if (scene.cloud.identity.flavour === 'evs') return refused(scene, gatewayRefusal(504, 'APIGW.0201', 'Backend timeout.')).reply;
  return htmlReply(504, 'Gateway Time-out', "The server didn't respond in time.");
}

function htmlReply(status: number, title: string, text: string): Reply {
  return { status, headers: { 'Content-Type': 'text/html' }, body: htmlPage(status, title, text), code: `HTTP_${status}` };
}

function customReply(effect: Extract<FaultEffect, { kind: 'respond' }>): Reply {
  const text = typeof effect.body === 'string' ? effect.body : effect.body === undefined ? '' : JSON.stringify(effect.body);
  const type = typeof effect.body === 'string' ? 'text/plain' : 'application/json';
  return { status: effect.status, headers: { 'Content-Type': type, ...effect.headers }, body: text, code: `HTTP_${effect.status}` };
}

function jsonHeaders(reply: Reply): Record<string, string> {
  const { 'Content-Length': _, ...headers } = reply.headers;
  return { ...headers, 'Content-Type': 'application/json' };
}
