// From the module to a running instance. Where the module comes from, `appizer-module` says: the build puts embedded.js
// or given.js there.
import makeGlue from 'appizer-glue';
import { compile } from 'appizer-module';
import { makeStore } from './store.js';

/** What a dead instance answers: nothing, whether the glue takes it for a number or for several. */
const NOTHING = [0, 0, 0];

let loading;

/**
 * Resolves with a tracker's core (src/browser/exports.rs), in an instance of its own; the module is compiled once, from
 * `source` in the slim package.
 *
 * Every call into the instance, also that of a timer, an event or a reply, comes through a guard. What is thrown through
 * it, a trap or anything else, leaves the instance in the midst of what it did: it is never called again, its store is
 * left, and `died` is called.
 */
export async function loadCore(died, source) {
  loading ??= compile(source).catch((error) => {
    // The next init may have a better address, or a network.
    loading = undefined;
    throw error;
  });
  const module = await loading;
  let store;
  let isDead = false;

  const guarded = (call) => (...args) => {
    if (isDead) return NOTHING;
    try {
      return call(...args);
    } catch (error) {
      isDead = true;
      store?.leave('');
      died(error);
      return NOTHING;
    }
  };
  const glue = makeGlue(guardedWebAssembly(guarded));
  await glue.load({ module_or_path: module });
  const makeOwnStore = (...args) => (store = makeStore(...args));
  return { ...glue, start: (options, anonymous, hear) => glue.start(options, anonymous, hear, makeOwnStore) };
}

/** The part of `WebAssembly` that the glue uses; the functions of its instances go through `guarded`. */
function guardedWebAssembly(guarded) {
  class Instance {
    constructor(exports) {
      const entries = Object.entries(exports).map(([name, it]) => [name, typeof it === 'function' ? guarded(it) : it]);
      this.exports = Object.fromEntries(entries);
    }
  }
  return {
    Instance,
    // Never `new WebAssembly.Instance`: before Chromium 114 that throws on a page's main thread for any module over 4 KiB.
    instantiate: async (module, imports) => new Instance((await WebAssembly.instantiate(module, imports)).exports),
  };
}
