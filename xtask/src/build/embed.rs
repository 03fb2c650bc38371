//! The module as texts inside a script: one file to load instead of two. Servers compress scripts, so the module is taken apart as
//! a compressor likes it, and each byte is a printable character, or, where it is rare, two. Measured on a module of
//! 63,077 bytes: 25,629 bytes of brotli, against 27,661 for the bare file.

use std::cmp::Reverse;
use std::path::PathBuf;

use anyhow::{Result, ensure};

use super::streams::Streams;
use super::{size, write};
use crate::paths;

/// The letter of each byte, a space where the byte is rare: that is two letters, [`PREFIXES`] first. Of printable characters
/// those that a string in any kind of quotes would have to escape are not among them. A compressor foresees a letter from the
/// kinds of those before it (upper case, lower case, digits, vowels), so it matters what has which: these and those of the
/// shapes were found by swapping two at a time. `cargo xtask build --letters` looks for better ones.
const LETTERS: &[u8; 256] = b"\
    h)f.cvk7>b4=8_{6%(  m   9  zd   jMD]&   ua  2~  g     ie  o     \
    w:;  xty                        nW  +B  sJUOE5I^*qpr03 ?1   A @l\
    , K P  -T           Z   L   C   R       F       Q       G       \
    S   N   X       |   H   V       }   /   <       [           Y  #";

/// The letters of the most frequent shapes of instructions, the most frequent first.
const SHAPES: &[u8] =
    b"%,(&/*+-)1P0.5;436@89:2<=>?7AGCDEFBHIJKLMNO#QRSTUVWXYZ[]^_abcdefghijklmnopqrstuvwxyz{|}~";

/// What announces a rare byte.
const PREFIXES: [char; 2] = [' ', '!'];

/// Which letter stands for what.
#[derive(Clone)]
struct Letters {
    bytes: [u8; 256],
    shapes: Vec<u8>,
}

/// The script: its default export is the module as text, which the facade turns back into bytes.
pub fn module_script() -> PathBuf {
    paths::intermediate().join("module.js")
}

pub fn write_module(module: &[u8]) -> Result<()> {
    let script = script(&Streams::of(module)?, &Letters::chosen());
    // src/js/embedded.js makes room for twice the text.
    ensure!(module.len() < script.len() * 3 / 2, "the module's text has {} letters alone", script.len());
    write(&module_script(), script)
}

/// What the module adds to a script, in brotli.
pub fn weight(module: &[u8]) -> Result<usize> {
    weight_with(&Streams::of(module)?, &Letters::chosen())
}

/// Swaps two letters, of frequent bytes and shapes first, and keeps what weighs less, until no swap does; prints what it found.
pub fn look_for_letters(module: &[u8]) -> Result<()> {
    let streams = Streams::of(module)?;
    let mut letters = Letters::chosen();
    let numbers = streams.numbers.concat();
    let mut bytes = Vec::from_iter(0..=255_u8);
    bytes.sort_by_cached_key(|byte| Reverse(numbers.iter().filter(|&it| it == byte).count()));
    let bytes = Vec::from_iter(bytes.into_iter().map(usize::from));
    let shapes = Vec::from_iter(0..letters.shapes.len());
    let mut least = weight_with(&streams, &letters)?;
    println!("   {least:>6} of brotli with the letters as they are");
    loop {
        let before = least;
        let mut try_swap = |swap: &dyn Fn(&mut Letters)| {
            let mut swapped = letters.clone();
            swap(&mut swapped);
            let weight = weight_with(&streams, &swapped)?;
            if weight < least {
                (letters, least) = (swapped, weight);
                let text = |letters| String::from_utf8_lossy(letters);
                println!("   {least:>6} with {:?} and {:?}", text(&letters.bytes), text(&letters.shapes));
            }
            anyhow::Ok(())
        };
        for (one, other) in pairs(&shapes) {
            try_swap(&|letters| letters.shapes.swap(one, other))?;
        }
        for (one, other) in pairs(&bytes) {
            try_swap(&|letters| letters.bytes.swap(one, other))?;
        }
        if least == before {
            return Ok(());
        }
    }
}

/// All pairs, those of the first first.
fn pairs(of: &[usize]) -> impl Iterator<Item = (usize, usize)> {
    of.iter().enumerate().flat_map(|(place, &one)| of[..place].iter().map(move |&other| (one, other)))
}

fn weight_with(streams: &Streams, letters: &Letters) -> Result<usize> {
    Ok(size::brotli(script(streams, letters).as_bytes())?)
}

fn script(streams: &Streams, letters: &Letters) -> String {
    format!("export default {:?};\n", texts(streams, letters))
}

/// The letters of all bytes; the shapes, each behind the byte that stands for it; the instructions; the numbers by their kinds.
fn texts(streams: &Streams, letters: &Letters) -> Vec<String> {
    let codes = letters.codes();
    let text = |bytes: &mut dyn Iterator<Item = u8>| bytes.map(|byte| &*codes[usize::from(byte)]).collect();
    let ids = letters.ids();
    let shapes =
        streams.shapes.iter().zip(&ids).flat_map(|(shape, &id)| [&[id], &**shape, &[SHAPE_END]].concat());
    let mut texts = vec![letters.bytes.iter().copied().map(char::from).collect()];
    texts.push(text(&mut shapes.into_iter()));
    texts.push(text(&mut streams.instructions.iter().map(|&place| ids[place])));
    texts.extend(streams.numbers.iter().map(|bytes| text(&mut bytes.iter().copied())));
    texts
}

/// Behind each shape's parts.
const SHAPE_END: u8 = 0xff;

impl Letters {
    fn chosen() -> Self {
        Self { bytes: *LETTERS, shapes: SHAPES.to_vec() }
    }

    /// The rare bytes in their order, each a prefix and one of the frequent bytes' letters in theirs.
    fn codes(&self) -> Vec<String> {
        let singles: Vec<char> =
            self.bytes.iter().filter(|&&letter| letter != b' ').copied().map(char::from).collect();
        let mut seen = 0;
        let code = |&letter: &u8| match letter {
            b' ' => {
                seen += 1;
                let (prefix, single) = ((seen - 1) / singles.len(), (seen - 1) % singles.len());
                String::from_iter([PREFIXES[prefix], singles[single]])
            }
            _ => String::from(char::from(letter)),
        };
        self.bytes.iter().map(code).collect()
    }

    /// The bytes that stand for the shapes: those of [`Self::shapes`], then those of two letters.
    fn ids(&self) -> Vec<u8> {
        let byte_of = |letter| self.bytes.iter().position(|it| it == letter);
        let rare = (0..256).filter(|&byte| self.bytes[byte] == b' ');
        self.shapes.iter().filter_map(byte_of).chain(rare).map(|byte| byte as u8).collect()
    }
}

#[cfg(test)]
mod tests {
    use wasm_encoder::reencode::{Reencode, RoundtripReencoder};
    use wasm_encoder::{
        CodeSection, ConstExpr, DataSection, Function, FunctionSection, Ieee64, InstructionSink, MemArg,
        MemArgTarget, MemorySection, MemoryType, Module, TypeSection, ValType,
    };
    use wasmparser::Parser;

    use super::super::{read, read_text};
    use super::*;
    use crate::process;

    /// What the page's own script makes of the texts.
    fn decode(script: &str) -> Result<Vec<u8>> {
        let folder = tempfile::tempdir()?;
        let decoder = read_text(&paths::root().join("src/js/embedded.js"))?;
        write(&folder.path().join("texts.mjs"), script)?;
        write(&folder.path().join("embedded.mjs"), decoder.replace("appizer-module-text", "./texts.mjs"))?;
        let keep = "WebAssembly.compile = (module) => require('fs').writeFileSync('module.wasm', module);
            import('./embedded.mjs').then(({ compile }) => compile());";
        process::capture(process::command("node").args(["--eval", keep]).current_dir(&folder))?;
        read(&folder.path().join("module.wasm"))
    }

    /// Functions of many shapes, some of them rare.
    fn module() -> Vec<u8> {
        let mut types = TypeSection::new();
        types.ty().function([ValType::I32], []);
        let mut functions = FunctionSection::new();
        let mut memories = MemorySection::new();
        memories.memory(MemoryType {
            minimum: 1,
            maximum: None,
            memory64: false,
            shared: false,
            page_size_log2: None,
        });
        let mut code = CodeSection::new();
        for number in 0..200_i32 {
            functions.function(0);
            let mut function = Function::new([(1 + number as u32, ValType::I64), (3, ValType::I32)]);
            write_body(&mut function.instructions(), number);
            code.function(&function);
        }
        let mut data = DataSection::new();
        data.active(0, &ConstExpr::i32_const(70_000), (0..=255).rev());
        let mut module = Module::new();
        module.section(&types).section(&functions).section(&memories).section(&code).section(&data);
        module.finish()
    }

    fn write_body(body: &mut InstructionSink<'_>, number: i32) {
        let access =
            |offset, align| MemArg { offset, align, target: MemArgTarget::Memory(0), ordering: None };
        body.local_get(0).i32_const(number * -77_777).i32_store(access(9 * number as u64, 2));
        body.local_get(0)
            .i64_load(access(40_000, (number % 4) as u32))
            .i64_const(i64::MIN + i64::from(number))
            .i64_mul()
            .drop();
        body.block(wasm_encoder::BlockType::Empty).local_get(0).br_table([0, 0], 0).end();
        if number % 50 == 0 {
            body.f64_const(Ieee64::new((-1.0 / f64::from(number + 3)).to_bits())).drop();
            body.f64_const(Ieee64::new(u64::MAX)).i64_trunc_sat_f64_s().drop();
        }
        body.local_get(0).call(number as u32).end();
    }

    fn as_encoded(module: &[u8]) -> Vec<u8> {
        let mut encoded = Module::new();
        RoundtripReencoder.parse_core_module(&mut encoded, Parser::new(0), module).unwrap();
        encoded.finish()
    }

    #[test]
    fn the_page_s_script_puts_the_module_together() {
        let module = module();
        let script = script(&Streams::of(&module).unwrap(), &Letters::chosen());
        let decoded = decode(&script).unwrap();
        assert_eq!(as_encoded(&decoded), module, "but for the lengths of functions, which may be longer");
        assert!(decoded.len() > module.len());
    }

    #[test]
    fn no_letter_stands_for_two_bytes_or_has_to_be_escaped() {
        let mut singles = Vec::from_iter(LETTERS.iter().filter(|&&letter| letter != b' '));
        singles.sort_unstable();
        assert!(singles.windows(2).all(|pair| pair[0] < pair[1]));
        assert!(singles.iter().all(|&&letter| (34..127).contains(&letter) && !b"\"'`$\\".contains(&letter)));
        assert!(256 - singles.len() <= PREFIXES.len() * singles.len());
        let mut shapes = Vec::from_iter(SHAPES);
        shapes.sort_unstable();
        assert_eq!(shapes, singles, "each stands for a shape, too");
    }
}
