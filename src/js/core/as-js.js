// The core without WebAssembly, for pages that forbid it: what wasm2js makes of the module, as a function from imports to
// exports.
import makeExports from 'appizer-module-as-js';

export const compile = async () => makeExports;

/**
 * Makes an instance. The memory of wasm2js grows by taking another buffer. WebAssembly detaches the old one then, by which
 * wasm-bindgen's glue knows that its views on it are stale; here that is done before the glue looks again.
 */
export async function instantiate(make, imports) {
  let buffer;
  const detachStale = () => {
    const { buffer: current } = exports.memory;
    if (buffer && buffer !== current) new MessageChannel().port1.postMessage(undefined, [buffer]);
    buffer = current;
  };
  const before = (call) => (...args) => {
    detachStale();
    return call(...args);
  };
  const after = (call) => (...args) => {
    const result = call(...args);
    detachStale();
    return result;
  };
  const exports = make(mapped(imports, (functions) => mapped(functions, before)));
  return { exports: mapped(exports, (it) => (typeof it === 'function' ? after(it) : it)) };
}

const mapped = (object, change) => Object.fromEntries(Object.entries(object).map(([name, it]) => [name, change(it)]));
