/** What the gauges show of a policy. Seconds, instants in seconds since 1970; null where there is nothing to show. */
export interface PolicyGauges {
  readonly policy: string;
  readonly target: string;
  readonly volumes: number;
  readonly overdue: number;
  readonly rpoSeconds: number;
  /** Of the worst volume. */
  readonly rpoLagSeconds: number | null;
  /** Due time of the newest firing. */
  readonly lastFiringSeconds: number | null;
  /** The oldest due time nobody has dealt with: to come while the scheduler works, past where it does not. Null while paused. */
  readonly nextDueSeconds: number | null;
}
