// The slim entry: the same functions, but `init` and `createTracker` are told where the WebAssembly is.
import type { AnyEvents, Options, Tracker } from './index.js';

export type {
  AnyEvents,
  AppizerError,
  Consent,
  DeadLetter,
  DebugReport,
  DropReason,
  FlushResult,
  JsonValue,
  Notice,
  Notices,
  Options,
  OutgoingEvent,
  Overrides,
  Properties,
  RejectionCode,
  ReturnedEvent,
  Stats,
  TrackArguments,
  Tracker,
  Waiting,
} from './index.js';
export {
  close,
  consent,
  deadLetters,
  debug,
  discardDeadLetters,
  flush,
  hasOptedOut,
  identify,
  on,
  optIn,
  optOut,
  page,
  register,
  registerOnce,
  resendDeadLetters,
  reset,
  stats,
  timeEvent,
  track,
  unregister,
} from './index.js';

/** Where the slim entry finds `appizer_bg.wasm`. (TypeScript's own `WebAssembly.Module` takes a number, too.) */
export type WasmSource = string | URL | Response | PromiseLike<Response> | (WebAssembly.Module & object);

/** The default entry's options, and one more. */
export type SlimOptions = Options & {
  /**
   * The package's `appizer_bg.wasm`: its address, its response (or the promise of one, as `fetch` gives), or the module
   * compiled already. Required. It is compiled while it loads if the server calls it `application/wasm`. All trackers
   * of a page share the first one that loads.
   */
  wasm: WasmSource;
};

/** {@link Tracker}, started with {@link SlimOptions}. */
export interface SlimTracker<Events extends object = AnyEvents> extends Omit<Tracker<Events>, 'init'> {
  /**
   * Starts the tracker, as the default entry's `init` does.
   * @throws (rejects) {@link AppizerError}
   */
  init(options: SlimOptions): Promise<void>;
}

/** As the default entry's. */
export function createTracker<Events extends object = AnyEvents>(options: SlimOptions): SlimTracker<Events>;

export const init: SlimTracker['init'];
