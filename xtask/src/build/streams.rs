//! A module taken apart for a compressor. Which local an instruction takes is foretold by the locals before it, an offset by
//! offsets, and neither by the bytes that stand between them. So the instructions without their numbers are one
//! stream, and the numbers one for each kind: a tenth less of brotli than the module as it is.

use std::collections::HashMap;
use std::ops::Range;

use anyhow::{Context, Result};
use wasm_encoder::{Encode, SectionId};
use wasmparser::{FunctionBody, Parser, Payload};

/// What a number is. The rest is single bytes: what is not code, and instructions that are rare.
#[derive(Clone, Copy)]
pub enum Kind {
    Rest,
    Local,
    Offset,
    Int32,
    Int64,
    Call,
    Label,
}

const KINDS: usize = Kind::Label as usize + 1;

/// From here on, a part of a shape is a kind: its next number stands there. Opcodes are below.
const NUMBER: u8 = 0xe0;
/// The part with which a function begins: its length stands there, in [`LENGTH_BYTES`].
const BEGIN: u8 = 0xfd;
/// The part with which it ends.
const END: u8 = 0xfe;

/// For lengths below 2 MiB.
const LENGTH_BYTES: usize = 3;

/// A shape that occurs as often as this or less costs more than its bytes do.
const RARE: usize = 4;

/// Before the first section.
const HEADER_BYTES: usize = 8;

/// What an instruction is but for its numbers: its bytes and the parts above.
pub type Shape = Vec<u8>;

/// Shape after shape, with the numbers in their places, is the module.
pub struct Streams {
    /// Each once, the most frequent first.
    pub shapes: Vec<Shape>,
    /// The module's shapes, by their place among those.
    pub instructions: Vec<usize>,
    /// By kind.
    pub numbers: [Vec<u8>; KINDS],
}

impl Streams {
    pub fn of(module: &[u8]) -> Result<Self> {
        let pieces = without_rare(pieces(module)?);
        let mut counted = Vec::from_iter(occurrences(&pieces));
        counted.sort_by(|(a, often), (b, less)| less.cmp(often).then_with(|| a.cmp(b)));
        let places: HashMap<&Shape, usize> = counted.iter().map(|(shape, _)| *shape).zip(0..).collect();
        let mut numbers: [Vec<u8>; KINDS] = Default::default();
        for (kind, number) in pieces.iter().flat_map(|piece| &piece.numbers) {
            numbers[*kind as usize].extend(number);
        }
        let instructions = pieces.iter().map(|piece| places[&piece.shape]).collect();
        let shapes = counted.into_iter().map(|(shape, _)| shape.clone()).collect();
        Ok(Self { shapes, instructions, numbers })
    }
}

/// An instruction, or what else one shape stands for.
#[derive(Default)]
struct Piece {
    shape: Shape,
    numbers: Vec<(Kind, Vec<u8>)>,
}

impl Piece {
    fn of(parts: &[u8]) -> Self {
        Self { shape: parts.to_vec(), numbers: Vec::new() }
    }

    fn with(mut self, kind: Kind, number: &[u8]) -> Self {
        self.shape.push(NUMBER + kind as u8);
        self.numbers.push((kind, number.to_vec()));
        self
    }

    fn is_rare(&self, occurrences: &HashMap<&Shape, usize>) -> bool {
        occurrences[&self.shape] <= RARE && self.shape.iter().all(|&part| part < BEGIN)
    }

    fn into_rest(self) -> Vec<Self> {
        let mut numbers = self.numbers.into_iter().map(|(_, number)| number);
        let bytes = |part| if part < NUMBER { vec![part] } else { numbers.next().unwrap_or_default() };
        rest(&self.shape.into_iter().flat_map(bytes).collect::<Vec<_>>()).collect()
    }
}

fn rest(bytes: &[u8]) -> impl Iterator<Item = Piece> {
    bytes.iter().map(|&byte| Piece::default().with(Kind::Rest, &[byte]))
}

fn occurrences(pieces: &[Piece]) -> HashMap<&Shape, usize> {
    let mut occurrences = HashMap::new();
    for piece in pieces {
        *occurrences.entry(&piece.shape).or_default() += 1;
    }
    occurrences
}

fn without_rare(pieces: Vec<Piece>) -> Vec<Piece> {
    let occurrences = occurrences(&pieces);
    let is_rare = Vec::from_iter(pieces.iter().map(|piece| piece.is_rare(&occurrences)));
    let kept = |(piece, is_rare): (Piece, bool)| if is_rare { piece.into_rest() } else { vec![piece] };
    pieces.into_iter().zip(is_rare).flat_map(kept).collect()
}

fn pieces(module: &[u8]) -> Result<Vec<Piece>> {
    let mut bodies = Vec::new();
    let mut sections = Vec::new();
    for payload in Parser::new(0).parse_all(module) {
        match payload? {
            Payload::CodeSectionEntry(body) => bodies.push(body),
            other => sections.extend(other.as_section()),
        }
    }
    let mut pieces = Vec::from_iter(rest(&module[..HEADER_BYTES]));
    for (id, range) in sections {
        let content = &module[usize::try_from(range.start)?..usize::try_from(range.end)?];
        if id == SectionId::Code as u8 {
            pieces.extend(code(&bodies)?);
        } else {
            pieces.extend(rest(&[&[id], &*leb(content.len())?, content].concat()));
        }
    }
    Ok(pieces)
}

fn code(bodies: &[FunctionBody<'_>]) -> Result<Vec<Piece>> {
    let count = leb(bodies.len())?;
    let functions = bodies.iter().map(|body| LENGTH_BYTES + body.as_bytes().len()).sum::<usize>();
    let head = [&[SectionId::Code as u8], &*leb(count.len() + functions)?, &count].concat();
    let mut pieces = Vec::from_iter(rest(&head));
    for body in bodies {
        pieces.push(locals(body)?);
        let mut operators = body.get_operators_reader()?;
        while !operators.eof() {
            let start = operators.original_position();
            operators.read()?;
            pieces.extend(instruction(bytes(body, start..operators.original_position())?));
        }
        pieces.last_mut().context("a function without an end")?.shape.push(END);
    }
    Ok(pieces)
}

/// How a function begins: how many locals it has of which type.
fn locals(body: &FunctionBody<'_>) -> Result<Piece> {
    let mut locals = body.get_locals_reader()?;
    let mut piece = Piece::of(&[BEGIN]);
    piece.shape.extend(leb(locals.get_count() as usize)?);
    for _ in 0..locals.get_count() {
        let start = locals.original_position();
        locals.read()?;
        let (count, kind) = split_number(bytes(body, start..locals.original_position())?);
        piece = piece.with(Kind::Label, count);
        piece.shape.extend(kind);
    }
    Ok(piece)
}

fn instruction(bytes: &[u8]) -> Vec<Piece> {
    let (code, operands) = bytes.split_at(1);
    let (kind, code, number) = match code[0] {
        0x20..=0x22 => (Kind::Local, code, operands),
        // What is loaded or stored, behind its alignment.
        0x28..=0x3e => {
            let (alignment, offset) = split_number(operands);
            (Kind::Offset, &bytes[..=alignment.len()], offset)
        }
        0x41 => (Kind::Int32, code, operands),
        0x42 => (Kind::Int64, code, operands),
        0x10 => (Kind::Call, code, operands),
        0x0c | 0x0d => (Kind::Label, code, operands),
        _ if bytes.iter().all(|&byte| byte < NUMBER) => return vec![Piece::of(bytes)],
        _ => return rest(bytes).collect(),
    };
    vec![Piece::of(code).with(kind, number)]
}

fn bytes<'a>(body: &FunctionBody<'a>, range: Range<u64>) -> Result<&'a [u8]> {
    let start = body.range().start;
    Ok(&body.as_bytes()[usize::try_from(range.start - start)?..usize::try_from(range.end - start)?])
}

/// A number's bytes, up to the first below 128, and what follows.
fn split_number(bytes: &[u8]) -> (&[u8], &[u8]) {
    let last = bytes.iter().position(|&byte| byte < 0x80).unwrap_or_default();
    bytes.split_at(last + 1)
}

fn leb(number: usize) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    u32::try_from(number)?.encode(&mut bytes);
    Ok(bytes)
}
