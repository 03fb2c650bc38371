// From the text inside the package to the module: there is no file to host, and over a compressing server the text costs
// little more than the bare file would. xtask/src/build/embed.rs writes it and says why it is as it is.
import text from 'appizer-module-text';

const ALPHABET = ' !#%&()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[]^_abcdefghijklmnopqrstuvwxyz{|}~';

export const compile = () => WebAssembly.compile(decode());

// A bit for each byte that is one character; the others are two, of which the first is one of the first two. The bytes
// are written over the text's own, which run ahead of them.
function decode() {
  const [rare, frequent] = [[], []];
  for (let byte = 0; byte < 256; byte++) {
    const isFrequent = (parseInt(text.substr((byte >> 3) * 2, 2), 16) >> (byte & 7)) & 1;
    (isFrequent ? frequent : rare).push(byte);
  }
  const places = [];
  [...ALPHABET].forEach((letter, place) => (places[letter.charCodeAt()] = place));
  const bytes = new TextEncoder().encode(text);
  let end = 0;
  for (let at = 64; at < bytes.length; at++) {
    const place = places[bytes[at]];
    bytes[end++] = place < 2 ? rare[place * ALPHABET.length + places[bytes[++at]]] : frequent[place - 2];
  }
  return bytes.subarray(0, end);
}
