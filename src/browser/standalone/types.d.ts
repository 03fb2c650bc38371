// Types of the module that a plain `wasm-pack build` makes. Times are milliseconds since 1970.

/** Further attributes of an event: any plain object; no array, function, Date, Map or Set. Its values go as `JSON.stringify` has them. */
export type Properties = ({ [name: string]: unknown } | object) & {
  readonly [Symbol.iterator]?: never;
  readonly [Symbol.hasInstance]?: never;
  readonly [Symbol.toPrimitive]?: never;
};

/** Options of `init`: a key for Appizer's endpoint, or the endpoint of a relay or a proxy, which needs none. */
export type Options = Settings & ({ apiKey: string; endpoint?: string | undefined } | { apiKey?: undefined; endpoint: string });

/** The options that are the same with a key and without. The npm package documents each. */
export interface Settings {
  previousApiKeys?: readonly string[] | undefined;
  userId?: string | undefined;
  /** Milliseconds. Default: 10,000. */
  flushInterval?: number | undefined;
  batchSize?: number | undefined;
  metadata?: boolean | undefined;
  partialFailure?: 'quarantine' | 'resend' | undefined;
  requestsPerMinute?: number | undefined;
  maxQueueEvents?: number | undefined;
  maxQueueBytes?: number | undefined;
  /** Milliseconds. Default: 30 days. */
  maxAge?: number | undefined;
  beaconUrl?: string | undefined;
  insurance?: boolean | undefined;
  persistence?: 'store' | 'memory' | undefined;
  instance?: string | undefined;
}

/** Overrides for one event. */
export interface Overrides {
  userId?: string | undefined;
  ip?: string | undefined;
  /** Default: the browser's own user agent. */
  ua?: string | undefined;
  /** Default: now. */
  time?: Date | number | string | undefined;
}

/** Why undelivered events wait. */
export type Waiting = 'opening' | 'interval' | 'request' | 'backoff' | 'paused' | 'limit' | 'offline' | 'reply' | 'closed';

export type RejectionCode =
  | 'invalid_name'
  | 'invalid_properties'
  | 'invalid_overrides'
  | 'not_serializable'
  | 'too_large'
  | 'too_many_held'
  | 'closed'
  | 'opted_out'
  | 'refused_by_endpoint'
  | 'uncertain'
  | 'corrupt';

export type DropReason = 'max_queue_events' | 'max_queue_bytes' | 'max_age' | 'quota' | 'corrupt' | 'opt_out' | 'storage_lost';

/** Why nothing is sent until `until`. */
export type PauseReason = 'forbidden' | 'not_found' | 'bad_response' | 'unreachable';

/** An event that is not sent again by itself. */
export interface DeadLetter {
  id: string;
  /** The event as it was sent, or the text that is left of a `corrupt` one. */
  json: string;
  reason: 'rejected' | 'uncertain' | 'corrupt';
  /** HTTP status of the answer that decided it. */
  status: number;
  message: string;
  at: number;
}

export interface FlushResult {
  /** Events delivered since the call. */
  delivered: number;
  /** Events that the endpoint refused for good since the call. */
  rejected: number;
  /** Events still in this page's queue. */
  queued: number;
  /** Why the rest waits; absent when nothing does. */
  waiting?: Waiting;
  until?: number;
}

/** The account of all pages that share the queue. */
export interface Stats {
  accepted: number;
  delivered: number;
  handedOver: number;
  queued: number;
  rejected: number;
  uncertain: number;
  dropped: { [reason in DropReason]?: number };
  /** Events in the request that is under way. */
  inFlight: number;
  storage: 'indexeddb' | 'memory';
  fallbacks: string[];
  waiting?: Waiting;
  until?: number;
  /** The last answer that was not a delivery: HTTP status, 0 without an answer. */
  lastError?: { status: number; message: string };
}

/** The notices of `on`, by type. */
export interface Notices {
  opened: { type: 'opened'; anonymous: string; user?: string };
  opted_out: { type: 'opted_out' };
  delivered: { type: 'delivered'; count: number; ids: string[] };
  retry: { type: 'retry'; attempt: number; delay: number; status: number; message: string };
  /** With `ids`, `names` (each as JSON) and `status` for events that the endpoint refused. */
  rejected: { type: 'rejected'; code: RejectionCode; message: string; ids?: string[]; names?: string[]; status?: number };
  paused: { type: 'paused'; reason: PauseReason; status: number; message: string; until: number };
  dropped: { type: 'dropped'; reason: DropReason; count: number };
  degraded: { type: 'degraded'; fallback: string; message: string };
}

/** The error that `init` rejects with. */
export interface AppizerError extends Error {
  name: 'AppizerError';
  code: 'invalid_option' | 'already_initialized';
  /** The option at fault, for `invalid_option`. */
  option?: string;
}

/** Calls `listener` for every notice of the type, until the returned function is called. */
export function on<T extends keyof Notices>(type: T, listener: (notice: Notices[T]) => void): () => void;
