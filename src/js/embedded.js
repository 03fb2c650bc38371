// From the text inside the package to the module: there is no file to host, and over a compressing server the text costs
// little more than the bare file would. xtask/src/build/embed.rs writes it and says why it is as it is.
import text from 'appizer-module-text';

const ALPHABET = ' !#%&()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[]^_abcdefghijklmnopqrstuvwxyz{|}~';

export const compile = () => WebAssembly.compile(decode());

// A bit for each byte that is one character: its own where it is in the alphabet, or the next that is left. The others are two,
// of which the first is one of the first two. The bytes are written over the text's own, which run ahead of them.
function decode() {
  const [rare, frequent, others, places] = [[], [], [], []];
  [...ALPHABET].forEach((letter, place) => (places[letter.charCodeAt()] = place));
  for (let byte = 0; byte < 256; byte++) {
    const isFrequent = (parseInt(text.substr((byte >> 3) * 2, 2), 16) >> (byte & 7)) & 1;
    if (isFrequent && places[byte] > 1) frequent[places[byte]] = byte;
    else (isFrequent ? others : rare).push(byte);
  }
  for (let place = 2; others.length; place++) frequent[place] ??= others.shift();
  const bytes = new TextEncoder().encode(text);
  let end = 0;
  for (let at = 64; at < bytes.length; at++) {
    const place = places[bytes[at]];
    bytes[end++] = place < 2 ? rare[place * ALPHABET.length + places[bytes[++at]]] : frequent[place];
  }
  return bytes.subarray(0, end);
}
