// From the text inside the package to the module: there is no file to host. xtask/src/build/embed.rs writes the text.
import { frequent, text } from 'appizer-module-text';

export const compile = () => WebAssembly.compile(decode());

// Never `new WebAssembly.Instance`: before Chromium 114 that throws on a page's main thread for any module over 4 KiB.
export const instantiate = (module, imports) => WebAssembly.instantiate(module, imports);

/** A frequent byte is one letter, a rare one two, of which the first is a space or an exclamation mark. */
function decode() {
  const letters = new TextEncoder().encode(text);
  const singles = Array.from({ length: 93 }, (_, place) => 34 + place).filter((letter) => letter !== 34 && letter !== 92);
  const codes = [...singles, ...[32, 33].flatMap((prefix) => singles.map((single) => prefix * 128 + single))];
  const rare = Array.from({ length: 256 }, (_, byte) => byte).filter((byte) => !frequent.includes(byte));
  const byteOf = new Uint8Array(34 * 128);
  [...frequent, ...rare].forEach((byte, place) => (byteOf[codes[place]] = byte));
  let length = 0;
  for (let at = 0; at < letters.length; at++) {
    const letter = letters[at];
    letters[length++] = byteOf[letter < 34 ? letter * 128 + letters[++at] : letter];
  }
  return letters.subarray(0, length);
}
