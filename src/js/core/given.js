// The module as the page gives it to the slim entry: an address, a response, or compiled already.
import { isModule } from '../start/options.js';

export async function compile(source) {
  const given = await source;
  if (isModule(given)) return given;
  const response = typeof given.arrayBuffer === 'function' ? given : await fetch(given);
  if (!response.ok) throw new Error(`${response.url} answers ${response.status}`);
  // Streaming wants this very type, which not every server has in its table.
  const streams = /^application\/wasm\b/.test(response.headers.get('Content-Type') ?? '');
  return streams ? WebAssembly.compileStreaming(response) : WebAssembly.compile(await response.arrayBuffer());
}

export const instantiate = (module, imports) => WebAssembly.instantiate(module, imports);
