// From the facade to a running core: the chunk, the module, an instance.
import { loadChunk } from 'appizer-chunk';
import { listen } from '../browser/environment.js';
import { nextSlice } from './slices.js';

/** Milliseconds to wait before the chunk is asked for again: a network that comes back, a deployment that ends. */
const RETRIES = [1_000, 5_000, 30_000];

/** No core can run in this page. `fallback`: `no_core` where the chunk does not load or is another version's, else `no_webassembly`. */
export class NoCore extends Error {
  constructor(fallback, message) {
    super(message);
    this.fallback = fallback;
  }
}

/**
 * Resolves with a function that makes the core (src/js/core/instance.js); rejects with `NoCore`. `died` is called if the
 * instance traps; `wasm` gives the slim package's module.
 */
export async function loadCore(died, wasm) {
  const chunk = await loadAgain(0);
  if (chunk.version !== APPIZER_VERSION) {
    throw new NoCore('no_core', `the core chunk is of version ${chunk.version}, this script of ${APPIZER_VERSION}`);
  }
  await nextSlice();
  try {
    return await chunk.loadInstance(died, wasm());
  } catch (error) {
    throw new NoCore('no_webassembly', `${error?.message}`);
  }
}

async function loadAgain(retry) {
  try {
    return await loadChunk();
  } catch (error) {
    if (retry === RETRIES.length) throw new NoCore('no_core', `the core chunk does not load: ${error?.message}`);
    await backoff(RETRIES[retry]);
    return loadAgain(retry + 1);
  }
}

/** Resolves after a time, or when the network is back. */
function backoff(delay) {
  return new Promise((resolve) => {
    const stop = listen(done, ['online']);
    const timer = setTimeout(done, delay);
    function done() {
      stop();
      clearTimeout(timer);
      resolve();
    }
  });
}
