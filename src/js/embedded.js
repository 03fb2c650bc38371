// From the text inside the package to the module: there is no file to host, and over a compressing server the text costs
// little more than the bare file would. xtask/src/build/embed.rs writes it and says why it is as it is.
import text from 'appizer-module-text';

export const compile = () => WebAssembly.compile(decode());

// The text begins with the letters of all bytes, a space for those that are rare. These are two letters, of which the first is
// a space or the character after it. The bytes are written over the text's own, which run ahead of them.
function decode() {
  const bytes = new TextEncoder().encode(text);
  const letters = bytes.slice(0, 256);
  const singles = [...letters].filter((letter) => letter > 32);
  const pairs = [32, 33].flatMap((prefix) => singles.map((letter) => prefix * 128 + letter));
  const table = new Uint8Array(34 * 128);
  letters.forEach((letter, byte) => (table[letter > 32 ? letter : pairs.shift()] = byte));
  let end = 0;
  for (let at = 256; at < bytes.length; at++) {
    const letter = bytes[at];
    bytes[end++] = table[letter < 34 ? letter * 128 + bytes[++at] : letter];
  }
  return bytes.subarray(0, end);
}
