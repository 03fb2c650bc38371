/** A value that JSON can carry. Dates become ISO strings; members that are `undefined` vanish. */
export type JsonValue = string | number | boolean | null | undefined | Date | readonly JsonValue[] | { [name: string]: JsonValue };

/**
 * Further attributes of an event, as the endpoint's `properties`: any plain object, declared as a `type` or an `interface`, also
 * `Record<string, unknown>`; no array, function, Date, Map or Set. The values within are checked when `track` is called: a cycle
 * or a BigInt makes it refuse the event (`not_serializable`); functions vanish and a Map becomes `{}`, as `JSON.stringify` has
 * it, and `debug: true` warns of both.
 */
export type Properties = ({ [name: string]: unknown } | object) & {
  readonly [Symbol.iterator]?: never;
  readonly [Symbol.hasInstance]?: never;
  readonly [Symbol.toPrimitive]?: never;
};

/** Events of any name with any properties: what `track` takes unless `createTracker` was given a map. */
export type AnyEvents = { [name: string]: Properties };

/**
 * What `track` takes after the name of an event with these properties: they may be left out where none is required, or where
 * they are `undefined`.
 */
export type TrackArguments<P> = [P] extends [undefined]
  ? [properties?: undefined, overrides?: Overrides | undefined]
  : {} extends P
  ? [properties?: P | undefined, overrides?: Overrides | undefined]
  : [properties: P, overrides?: Overrides | undefined];

/** What `init` takes: a key for Appizer's endpoint, or the endpoint of a relay or a proxy, which needs none. */
export type Options = Settings & (WithKey | WithoutKey);

/** Sends with the project's key. */
export interface WithKey {
  /** The bearer key of the Appizer project. */
  apiKey: string;
  /** Address of the batch endpoint, or of a relay or proxy. Default: `https://api.appizer.com/v1/events/batch`. */
  endpoint?: string | URL | undefined;
}

/** Sends without a key, so that none is in the page. */
export interface WithoutKey {
  apiKey?: undefined;
  /** Address of a relay, or of a proxy that adds the key. */
  endpoint: string | URL;
}

/** The options that are the same with a key and without. */
export interface Settings {
  /**
   * Keys that `apiKey` has replaced. What visitors have queued under them is sent with the new key, and who they are is taken
   * over; events of any other key are left to the pages of that key.
   */
  previousApiKeys?: readonly string[] | undefined;
  /** The user's id, where it is known at start; else an anonymous id that persists, until `identify`. */
  userId?: string | undefined;
  /** Milliseconds from the first waiting event to its flush, 0 to 86,400,000. Default: 10,000. */
  flushInterval?: number | undefined;
  /** Events that start a flush at once, and the most that one request carries, 1 to 100. Default: 100. */
  batchSize?: number | undefined;
  /** Adds `$event_id`, `$time` and `$session_id` to each event's properties. Default: true. */
  metadata?: boolean | undefined;
  /**
   * What becomes of a batch that the endpoint took in part without saying which events: `"quarantine"` makes them dead
   * letters, `"resend"` sends them again with the same ids. Default: `"quarantine"`.
   */
  partialFailure?: 'quarantine' | 'resend' | undefined;
  /**
   * Requests a minute of this browser, all tabs together: 1 to 100,000, or Infinity for an endpoint of one's own. Half of
   * it refills steadily, a tenth is left to pages that close. Default: 100, the endpoint's limit. A relay, which counts
   * requests to the endpoint itself, lifts it.
   */
  requestsPerMinute?: number | undefined;
  /** Events that are queued at the most; the oldest are dropped to make room. 1 to 1,000,000. Default: 50,000. */
  maxQueueEvents?: number | undefined;
  /** Bytes of the queued events, as JSON in UTF-8, at the most; likewise. 65,536 to 1,073,741,824. Default: 20 MiB. */
  maxQueueBytes?: number | undefined;
  /** Milliseconds after which an undelivered event is dropped. 60,000 to a year, and more than `flushInterval`. Default: 30 days. */
  maxAge?: number | undefined;
  /**
   * A first-party address that adds the key, for browsers in which only a beacon outlives the page. Without it a beacon
   * goes to the endpoint with `?access_token=`, and its events stay queued until a reply confirms them. Not needed without
   * `apiKey`.
   */
  beaconUrl?: string | undefined;
  /**
   * Gives unsent events to the browser, which sends them if the page dies without a word (`fetchLater`, in Chromium); they
   * are kept all the same, and may come twice then, with the same ids. Default: true.
   */
  insurance?: boolean | undefined;
  /** `"memory"` stores nothing in the browser: what a page has not delivered when it goes is lost. Default: `"store"`. */
  persistence?: 'store' | 'memory' | undefined;
  /** Milliseconds without an event that end a session, 1,000 to a day. Default: 1,800,000, half an hour. */
  sessionTimeout?: number | undefined;
  /**
   * Registers how the visitor came: `utm_…`, click ids and the referrer, as last touch under their own names and as
   * first touch with `$initial_` before. Default: true.
   */
  campaign?: boolean | undefined;
  /** Tracks `page_view` on load and on each change of route, and `page_leave`. Default: false. */
  pageViews?: boolean | undefined;
  /** Leaves query string and fragment out of every address that the tracker adds. Default: false. */
  stripQuery?: boolean | undefined;
  /**
   * Sees each event before it is queued; gives it back, changed or not, or `null` or `false` to drop it. If it throws or gives
   * back anything else, the event is dropped: the hook may be there to remove personal data.
   */
  beforeSend?: ((event: OutgoingEvent) => ReturnedEvent | null | false | undefined | void) | undefined;
  /**
   * `"pending"`: events wait in memory, and nothing is stored or sent, until `optIn` (which later visits remember) or
   * `optOut`. Default: `"granted"`.
   */
  consent?: 'granted' | 'pending' | undefined;
  /** Takes Global Privacy Control and Do Not Track for an opt-out, unless the visitor has opted in. Default: false. */
  respectPrivacySignals?: boolean | undefined;
  /** Events of automated browsers and known bots: sent, sent with `$bot: true`, or dropped. Default: `"send"`. */
  bots?: 'send' | 'flag' | 'drop' | undefined;
  /** Names of properties that are never sent, wherever they come from. */
  denyProperties?: readonly string[] | undefined;
  /** Adds what the browser tells of device and platform to those who ask, as `$ua_…`; Chromium alone. Default: false. */
  clientHints?: boolean | undefined;
  /** Logs to the console what happens; the address `?appizer_debug` does so too. Default: false. */
  debug?: boolean | undefined;
  /** Name of the queue (its database), 1 to 64 of `A-Z a-z 0-9 _ -`. Default: `"default"`. */
  instance?: string | undefined;
}

/** Overrides for one event. */
export interface Overrides {
  userId?: string | undefined;
  /** The visitor's address, where the page knows it; the tracker never guesses one. */
  ip?: string | undefined;
  /** Default: the browser's own user agent. */
  ua?: string | undefined;
  /** When it happened: a Date, milliseconds since 1970, or an ISO string. Default: now. */
  time?: Date | number | string | undefined;
}

/** An event as `beforeSend` sees it: complete but for `$event_id` and `$time`. All of it is the hook's to change. */
export interface OutgoingEvent {
  name: string;
  /** The properties as JSON has them. */
  properties: { [name: string]: any };
  userId: string;
  time: Date;
}

/** The result of `beforeSend`. */
export interface ReturnedEvent {
  name: string;
  properties?: Properties | undefined;
  userId?: string | undefined;
  time?: Date | number | string | undefined;
}

/** The visitor's consent: `pending` until the visitor or `init` decides. */
export type Consent = 'pending' | 'granted' | 'denied';

/**
 * Why undelivered events wait. `reply`: an earlier page gave them to the browser as it left; the next reply settles them. `core`:
 * the endpoint refused their batch, and the next page that has a core finds out which of them is at fault.
 */
export type Waiting =
  | 'not_initialized'
  | 'consent'
  | 'prerendering'
  | 'opening'
  | 'interval'
  | 'request'
  | 'backoff'
  | 'paused'
  | 'limit'
  | 'offline'
  | 'reply'
  | 'core'
  | 'closed';

/** Why an event was refused, in `rejected` notices: by `track`, or, in the last two cases, by the endpoint. */
export type RejectionCode =
  | 'invalid_name'
  | 'invalid_properties'
  | 'invalid_overrides'
  | 'not_serializable'
  | 'too_large'
  | 'too_many_held'
  | 'closed'
  | 'opted_out'
  | 'bot'
  | 'refused_by_endpoint'
  | 'uncertain'
  | 'corrupt';

/**
 * Why events were given up: the caps `maxQueueEvents`, `maxQueueBytes` and `maxAge`; no room in the browser's storage
 * (`quota`); a record that could not be read (`corrupt`), or that had vanished (`storage_lost`).
 */
export type DropReason =
  | 'max_queue_events'
  | 'max_queue_bytes'
  | 'max_age'
  | 'quota'
  | 'corrupt'
  | 'opt_out'
  | 'storage_lost';

/** An event that is not sent again by itself. The last 1,000 are kept where there is storage. */
export interface DeadLetter {
  id: string;
  /** The event as it was sent; what is left of a `corrupt` one is in `text` instead. */
  event?: { event_name: string; user_id: string; properties?: object; ip?: string; ua?: string };
  /**
   * `rejected`: refused for good. `uncertain`: the endpoint did not say whether it has it. `corrupt`: its record in the
   * browser could not be read; such a letter cannot be sent again.
   */
  reason: 'rejected' | 'uncertain' | 'corrupt';
  /** The readable part of a `corrupt` event. */
  text?: string;
  /** HTTP status of the answer that decided it. */
  status: number;
  message: string;
  at: Date;
}

export interface FlushResult {
  /** Events delivered since this call. */
  delivered: number;
  /** Events the endpoint refused for good since this call. */
  rejected: number;
  /** Events still in this page's queue. */
  queued: number;
  /** Why the rest waits; absent when nothing does. */
  waiting?: Waiting;
  /** Until when it waits, where that is known. */
  until?: Date;
}

/**
 * The queue's account: `accepted = delivered + handedOver + queued + rejected + uncertain + dropped`, over all
 * pages that share the queue. Events that `track` refused were never accepted: `refused`, of this page alone.
 */
export interface Stats {
  /** Events that `track` took: before `init`, those that this page holds; then those that are in the queue or were. */
  accepted: number;
  /** Events that the endpoint confirmed. */
  delivered: number;
  /** Events that a page gave to the browser as it left, and that count as arrived since the next success. */
  handedOver: number;
  /** Events that are still to be delivered. */
  queued: number;
  /** Events that the endpoint refused for good: dead letters. */
  rejected: number;
  /** Events of which the endpoint did not say whether it has them: dead letters, too. */
  uncertain: number;
  /** Events given up, by reason. */
  dropped: { [reason in DropReason]?: number };
  /** Calls of `track` that gave `null`, and events that `beforeSend` dropped later. */
  refused: number;
  /** Events in the request that is under way. */
  inFlight: number;
  /** Where the queue is kept. `memory`: the browser gave no storage; a closed page loses what is queued. */
  storage: 'indexeddb' | 'memory';
  /**
   * What this page lacks and what is used instead: `memory_queue` (no storage), `leases` (no Web Locks), `restarted`
   * (WebAssembly failed and was started anew). `no_webassembly` (the page's policy or the browser forbids it) and `no_core` (its
   * file does not load) come with `direct`: events are sent in batches of 100, one at a time, with a fixed backoff; what is not
   * confirmed, up to 256 KiB, waits in `localStorage` for the next page that has a core; the numbers are this page's. On a server
   * it is `no_browser`: there the package does nothing.
   */
  fallbacks: string[];
  /** Why undelivered events wait; absent when nothing does. */
  waiting?: Waiting;
  /** Until when they wait, where that is known. */
  until?: Date;
  /** The last answer that was not a delivery: HTTP status, 0 without an answer. */
  lastError?: { status: number; message: string };
}

export interface Notices {
  /** A batch arrived. */
  delivered: { type: 'delivered'; count: number; ids: string[] };
  /** A batch did not arrive and will be sent again after `delay` milliseconds. */
  retry: { type: 'retry'; attempt: number; delay: number; status: number; message: string };
  /**
   * An event was refused by `track` (then with its `name`), or events by the endpoint (then with their `ids` and the
   * `names` and the HTTP `status`: they are dead letters now). The events around them are unharmed.
   */
  rejected: { type: 'rejected'; code: RejectionCode; message: string; name?: string; ids?: string[]; names?: string[]; status?: number };
  /**
   * Events are queued, and go again at `until`. `forbidden`: the endpoint refuses the key; `not_found`: the address is no endpoint;
   * `bad_response`: what answers is not the endpoint; `unreachable`: nothing ever answers.
   */
  paused: { type: 'paused'; reason: 'forbidden' | 'not_found' | 'bad_response' | 'unreachable'; status: number; message: string; until: Date };
  /**
   * Events were given up, under a documented limit or at the visitor's word; or by `beforeSend`, before they were
   * accepted: these count as `refused`.
   */
  dropped: { type: 'dropped'; reason: DropReason | 'before_send' | 'bot'; count: number };
  /** The tracker works with less than it wants: a fallback as in `Stats`. */
  degraded: { type: 'degraded'; fallback: string; message: string };
  /** Consent as `init` found it, then each change, also by another tab. */
  consent: { type: 'consent'; state: Consent };
}

/** The result of `debug`. */
export interface DebugReport {
  stats: Stats;
  /** Events of this page that have not arrived; collected while the log is on. */
  queued: { id: string; name: string }[];
  /** The last 20 notices but those of consent, without their ids. */
  requests: (Omit<Notice, 'ids'> & { at: string })[];
}

/** Any notice: what a listener gets. */
export type Notice = Notices[keyof Notices];

/** The error with which `init` rejects. */
export interface AppizerError extends Error {
  name: 'AppizerError';
  code: 'invalid_option' | 'already_initialized' | 'closed';
  /** The option at fault, for `invalid_option` and `already_initialized`. */
  option?: string;
}

/**
 * A tracker, by default for events of any name. `Events` maps each event's name to its properties, and the compiler
 * holds `track` to it:
 *
 * ```ts
 * const tracker = createTracker<{ signup: { plan: string }; logout: {} }>({ apiKey });
 * tracker.track('signup', { plan: 'pro' });
 * tracker.track('logout');
 * ```
 */
export interface Tracker<Events extends object = AnyEvents> {
  /**
   * Starts the tracker. Resolves when the queue is open, also where WebAssembly cannot run; `track` works before that.
   * Called again with the same options it gives the same promise; a new `apiKey` replaces the key from then on.
   * @throws (rejects) {@link AppizerError}
   */
  init(options: Options): Promise<void>;
  /**
   * Queues an event: its id, or `null` if it was refused (a `rejected` notice says why). Never throws, never waits.
   */
  track<Name extends keyof Events & string>(name: Name, ...rest: TrackArguments<Events[Name]>): string | null;
  /** A `page_view` with the page's address, title and referrer; `name` and `properties` come on top. */
  page(name?: string, properties?: Properties): string | null;
  page(properties: Properties): string | null;
  /**
   * Names the user for every later event, in all tabs and on later visits. If that is news, or with `traits`, it sends an
   * `identify` event with the traits and the `$anonymous_id` that events had before.
   */
  identify(userId: string, traits?: Properties): void;
  /** Forgets the user, the session and all registered properties, and takes a new anonymous id. */
  reset(): void;
  /** Adds these properties to every later event, in all tabs and on later visits. An event's own win. */
  register(properties: Properties): void;
  /** The same for those that are not registered yet. */
  registerOnce(properties: Properties): void;
  /** Adds a registered property no longer. */
  unregister(name: string): void;
  /** The next event of that name gets `$duration_ms`, the time since this call. */
  timeEvent(name: string): void;
  /**
   * The visitor wants no tracking: queue and storage are emptied, and nothing is taken any more, in any tab and on any
   * later visit.
   */
  optOut(): void;
  /** Ends an opt-out, and what `consent: 'pending'` waits for. */
  optIn(): void;
  /**
   * Returns whether events are taken. Before `init`: what the visitor said on an earlier visit, else `pending`. A consent banner
   * is shown while it is `pending`.
   */
  consent(): Consent;
  /** Returns true if consent is `denied`: by `optOut`, or by a signal that is respected. */
  hasOptedOut(): boolean;
  /**
   * Prints to the console why nothing arrives, what is queued and the last requests, and resolves with it; also before `init`.
   * With `true` or `false` it switches the log on or off.
   */
  debug(logs?: boolean): Promise<DebugReport>;
  /**
   * Sends what this page tracked before the call, without waiting for the interval. Never rejects; resolves
   * within the request timeout of 30 seconds.
   */
  flush(): Promise<FlushResult>;
  /**
   * Calls `listener` for every notice of that type, until the returned function is called.
   * @throws TypeError for an unknown type, and where `listener` is no function
   */
  on<T extends keyof Notices>(type: T, listener: (notice: Notices[T]) => void): () => void;
  /** The queue's account, why anything waits, and what the browser lacks. */
  stats(): Promise<Stats>;
  /** Events that are not sent again by themselves. */
  deadLetters(): Promise<DeadLetter[]>;
  /** Queues all dead letters again, with the same ids; resolves with their number. */
  resendDeadLetters(): Promise<number>;
  /** Forgets all dead letters; resolves with their number. */
  discardDeadLetters(): Promise<number>;
  /** Flushes once, then stops: later calls of `track` give `null`. What is left is sent by the next page. */
  close(): Promise<void>;
}

/**
 * A tracker of its own, started with `options`. Give it an `instance` for a queue of its own, and a map of its events
 * (see {@link Tracker}) for a checked `track`.
 */
export function createTracker<Events extends object = AnyEvents>(options: Options): Tracker<Events>;

export const init: Tracker['init'];
export const track: Tracker['track'];
export const page: Tracker['page'];
export const identify: Tracker['identify'];
export const reset: Tracker['reset'];
export const register: Tracker['register'];
export const registerOnce: Tracker['registerOnce'];
export const unregister: Tracker['unregister'];
export const timeEvent: Tracker['timeEvent'];
export const optOut: Tracker['optOut'];
export const optIn: Tracker['optIn'];
export const consent: Tracker['consent'];
export const hasOptedOut: Tracker['hasOptedOut'];
export const debug: Tracker['debug'];
export const flush: Tracker['flush'];
export const on: Tracker['on'];
export const stats: Tracker['stats'];
export const deadLetters: Tracker['deadLetters'];
export const resendDeadLetters: Tracker['resendDeadLetters'];
export const discardDeadLetters: Tracker['discardDeadLetters'];
export const close: Tracker['close'];
