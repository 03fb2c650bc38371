// From the texts inside the package to the module: there is no file to host, and over a compressing server the texts cost
// less than the bare file would. xtask/src/build/embed.rs writes them and says why they are as they are.
import texts from 'appizer-module-text';

export const compile = () => WebAssembly.compile(decode());

// The texts are the letters of all bytes, the shapes of instructions, the instructions, and their numbers by kind. This runs
// once, so for the most part before the browser has optimised it: its loops call nothing.
function decode() {
  const codes = new TextEncoder().encode(texts.join(''));
  let length = 0;
  const [, ofShapes, ofInstructions, ...numbers] = texts.map((text) => (length += text.length) - text.length);
  const byteOf = readLetters(codes.subarray(0, ofShapes));
  const [shapes, parts] = readShapes(codes.subarray(ofShapes, ofInstructions), byteOf);
  const module = new Uint8Array(2 * length);
  let end = 0;
  let begin;
  for (let at = ofInstructions, over = numbers[0]; at < over; ) {
    let code = codes[at++];
    if (code < 34) code = code * 128 + codes[at++];
    for (let place = shapes[code], part; (part = parts[place]) < 255; place++) {
      if (part < 224) module[end++] = part;
      else if (part < 253) {
        // The next number of a kind: it ends with its first byte below 128. Those of the first kind are single bytes.
        let from = numbers[part - 224];
        let byte;
        do {
          code = codes[from++];
          if (code < 34) code = code * 128 + codes[from++];
          module[end++] = byte = byteOf[code];
        } while (byte > 127 && part > 224);
        numbers[part - 224] = from;
      } else if (part < 254) begin = end += 3;
      else {
        // A function is over: its length stands before it.
        length = end - begin;
        module[begin - 3] = length | 128;
        module[begin - 2] = (length >> 7) | 128;
        module[begin - 1] = length >> 14;
      }
    }
  }
  return module.subarray(0, end);
}

// The byte of each code. A space is the letter of what is rare: that is two letters, a space or the character after it first.
function readLetters(letters) {
  const singles = [...letters].filter((letter) => letter > 32);
  const pairs = [32, 33].flatMap((prefix) => singles.map((letter) => prefix * 128 + letter));
  const byteOf = new Uint8Array(34 * 128);
  letters.forEach((letter, byte) => (byteOf[letter > 32 ? letter : pairs.shift()] = byte));
  return byteOf;
}

// Where the parts of each code's shape begin, and all parts: 255 ends a shape.
function readShapes(codes, byteOf) {
  const shapes = [];
  const parts = [];
  for (let at = 0, isFirst = true; at < codes.length; ) {
    let code = codes[at++];
    if (code < 34) code = code * 128 + codes[at++];
    if (isFirst) shapes[code] = parts.length;
    else parts.push(byteOf[code]);
    isFirst = !isFirst && byteOf[code] == 255;
  }
  return [shapes, parts];
}
