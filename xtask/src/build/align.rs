//! An access to memory says how it is aligned. It may say so wrongly, and the engines of browsers do not listen: where all
//! accesses of a kind say the same, a compressor has nothing to tell apart.

use anyhow::Result;
use wasm_encoder::MemArg;
use wasm_encoder::reencode::{Error, Reencode, utils};

use super::rewrite::rewrite;

/// The module with each access as aligned as its kind can be.
pub fn align(module: &[u8]) -> Result<Vec<u8>> {
    rewrite(module, &mut Aligner)
}

struct Aligner;

impl Reencode for Aligner {
    type Error = anyhow::Error;

    fn mem_arg(&mut self, access: wasmparser::MemArg) -> Result<MemArg, Error<anyhow::Error>> {
        utils::mem_arg(self, wasmparser::MemArg { align: access.max_align, ..access })
    }
}

#[cfg(test)]
mod tests {
    use wasm_encoder::{CodeSection, Function, FunctionSection, MemArg, MemArgTarget, Module};

    use super::*;

    #[test]
    fn every_access_says_what_its_kind_can_say() {
        let target = MemArgTarget::Memory(0);
        let access = |align| MemArg { offset: 9, align, target, ordering: None };
        let module = |int, long| {
            let mut function = Function::new([]);
            function.instructions().i32_load(access(int)).i64_store(access(long)).end();
            let mut module = Module::new();
            module
                .section(FunctionSection::new().function(0))
                .section(CodeSection::new().function(&function));
            module.finish()
        };
        assert_eq!(align(&module(0, 1)).unwrap(), module(2, 3));
    }
}
