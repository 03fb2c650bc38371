// The slim entry: as the default one, with the module outside. `init` is told where by the option `wasm`.
import { AppizerError, isModule } from '../start/options.js';
import { makeTracker } from '../start/tracker.js';

/** The module that was given last before it is first needed: all trackers share it. */
let source;

const tracker = /* @__PURE__ */ makeSlim();

export const { init, track, page, identify, reset, flush, on, stats, close, debug } = tracker;
export const { register, registerOnce, unregister, timeEvent, optOut, optIn, consent, hasOptedOut } = tracker;
export const { deadLetters, resendDeadLetters, discardDeadLetters } = tracker;

/** @type {typeof import('./slim.d.ts').createTracker} */
export function createTracker(options) {
  const other = makeSlim();
  other.init(options).catch((error) => console.error(error));
  return other;
}

function makeSlim() {
  const inner = makeTracker(() => source);
  return {
    ...inner,
    init(given) {
      const { wasm, ...options } = given ?? {};
      if (!isSource(wasm)) return Promise.reject(unusable());
      source = wasm;
      return inner.init(options);
    },
  };
}

// Each of this realm or another.
function isSource(wasm) {
  if (typeof wasm === 'string') return wasm !== '';
  const isUrl = typeof wasm?.href === 'string';
  return isUrl || isModule(wasm) || typeof wasm?.arrayBuffer === 'function' || typeof wasm?.then === 'function';
}

function unusable() {
  const message = 'option "wasm" cannot be used; allowed: the address of appizer_bg.wasm, its Response (or the promise of one) or a WebAssembly.Module';
  return new AppizerError('invalid_option', message, 'wasm');
}
