/** One exchange that has ended, for metrics and logs. Holds no secret. */
export interface ObservedCall {
  readonly operation: string;
  /** Null where no complete answer came. */
  readonly status: number | null;
  /** `Failure.code`; null for a success. */
  readonly code: string | null;
  readonly durationMs: number;
  readonly requestId: string | null;
}

/** Request and answer as text for trace logs: secrets taken out, bodies cut. */
export interface CallDump {
  readonly operation: string;
  readonly request: { readonly method: string; readonly url: string; readonly headers: Readonly<Record<string, string>>; readonly body: string | null };
  /** Null where no complete answer came. */
  readonly response: { readonly status: number; readonly headers: Readonly<Record<string, string>>; readonly body: string } | null;
  readonly durationMs: number;
}

/** Told of every exchange with the cloud. Must not throw. */
export interface CallObserver {
  onCall?(call: ObservedCall): void;
  /** Costs a copy of each body: leave it out unless somebody reads it. */
  onDump?(dump: CallDump): void;
}
