// From the module to a running instance. Where the module comes from, `appizer-module` says: the build puts embedded.js,
// given.js or as-js.js there.
import makeGlue from 'appizer-glue';
import { compile, instantiate } from 'appizer-module';
import { makeStore } from '../browser/store.js';
import { faultOf, textOf } from './options.js';

/** The answer of a dead instance: nothing, whether the glue takes it for a number or for several. */
const NOTHING = [0, 0, 0];

let loading;

/**
 * Resolves with a function that makes a tracker's core (src/browser/exports.rs) in an instance of its own; the module is
 * compiled once, from `source` in the slim package.
 *
 * Every call into the instance, also that of a timer, an event or a reply, comes through a guard. What is thrown through
 * it, a trap or anything else, leaves the instance in the midst of what it did: it is never called again, its store is
 * left, and `died` is called.
 */
export async function loadInstance(died, source) {
  loading ??= compile(source).catch((error) => {
    // The next tracker may have a better address, or a network.
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
  if (glue.moduleVersion() !== APPIZER_VERSION) {
    loading = undefined;
    throw new Error(`the module is of version ${glue.moduleVersion()}, the core of ${APPIZER_VERSION}`);
  }
  const makeOwnStore = (...args) => (store = makeStore(...args));
  return (options, anonymous, hear) => {
    try {
      return new glue.Core(textOf(options), anonymous, hear, makeOwnStore);
    } catch (error) {
      throw error.option ? faultOf(options, error) : error;
    }
  };
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
    instantiate: async (module, imports) => new Instance((await instantiate(module, imports)).exports),
  };
}
