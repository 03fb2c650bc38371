// From the text inside the package to the module: there is no file to host, and over a compressing server the text costs
// little more than the bare file would. xtask/src/build/embed.rs writes it and says why it is as it is.
import text from 'appizer-module-text';

const ALPHABET = ' !#%&()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[]^_abcdefghijklmnopqrstuvwxyz{|}~';

export const compile = () => WebAssembly.compile(decode());

// A bit for each byte that is one character; the others are two, of which the first is one of the first two.
function decode() {
  const kinds = [[], []];
  for (let byte = 0; byte < 256; byte++) {
    kinds[(parseInt(text.substr((byte >> 3) * 2, 2), 16) >> (byte & 7)) & 1].push(byte);
  }
  const places = new Map([...ALPHABET].map((letter, place) => [letter, place]));
  const bytes = [];
  for (let at = 64; at < text.length; at++) {
    const place = places.get(text[at]);
    bytes.push(place < 2 ? kinds[0][place * ALPHABET.length + places.get(text[++at])] : kinds[1][place - 2]);
  }
  return Uint8Array.from(bytes);
}
