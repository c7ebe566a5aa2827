export interface HttpRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Absolute, encoded as it is to be sent: what is signed is what is sent. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | null;
  readonly signal?: AbortSignal;
}

/** A complete answer of any status. Header names are in lower case. */
export interface HttpResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** The connections to one target. Repeats nothing and follows no redirect. */
export interface HttpClient {
  /** Throws a TransportError without a complete answer, and the abort reason where the request's signal is aborted. */
  request(request: HttpRequest): Promise<HttpResponse>;
  /** Waits for the calls under way, each bounded by its own time-out. */
  close(): Promise<void>;
}
