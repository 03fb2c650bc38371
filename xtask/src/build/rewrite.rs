//! A WebAssembly module, written anew.

use anyhow::{Result, anyhow};
use wasm_encoder::Module;
use wasm_encoder::reencode::{Error, Reencode};
use wasmparser::Parser;

/// What a step of such a change returns.
pub type Rewritten<T = ()> = Result<T, Error<anyhow::Error>>;

/// The module as `change` has it.
pub fn rewrite(module: &[u8], change: &mut impl Reencode<Error = anyhow::Error>) -> Result<Vec<u8>> {
    let mut rewritten = Module::new();
    match change.parse_core_module(&mut rewritten, Parser::new(0), module) {
        Ok(()) => Ok(rewritten.finish()),
        Err(Error::UserError(error)) => Err(error),
        Err(Error::ParseError(error)) => Err(anyhow!(error).context("reading the module")),
        Err(error) => Err(anyhow!("{error}").context("rewriting the module")),
    }
}
