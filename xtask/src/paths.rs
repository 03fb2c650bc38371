//! Where things lie in the repository.

use std::path::{Path, PathBuf};

pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new("."))
}

/// The npm package that `build` leaves: ours alone, wasm-pack never writes here.
pub fn package() -> PathBuf {
    root().join("pkg")
}

/// What wasm-pack leaves: the module before optimisation and its JavaScript glue.
pub fn wasm_pack() -> PathBuf {
    root().join("target/wasm-pack")
}

/// What stands between wasm-pack's output and the package.
pub fn intermediate() -> PathBuf {
    root().join("target/package")
}

/// Tools that are installed for this checkout alone, and what is kept while tools are compiled.
pub fn tools() -> PathBuf {
    root().join("target/tools")
}

/// Python modules installed for this checkout alone; belongs on `PYTHONPATH`.
pub fn python_modules() -> PathBuf {
    tools().join("python")
}

/// The pinned npm packages that the commands run.
pub fn npm() -> PathBuf {
    root().join("xtask/npm")
}

/// The pinned tools of those who use the package: bundlers, frameworks, linters.
pub fn packaging_tools() -> PathBuf {
    root().join("tests/packaging/npm")
}

/// The pinned frameworks of the recipes, which only the full matrix of `packaging` builds with.
pub fn frameworks() -> PathBuf {
    root().join("tests/packaging/npm-frameworks")
}

/// The pinned npm packages that ship old browsers, and the script that unpacks them.
pub fn old_browsers() -> PathBuf {
    root().join("tests/old-browsers")
}

/// Old browsers, unpacked: a folder for each version.
pub fn unpacked_browsers() -> PathBuf {
    root().join("target/old-browsers")
}

/// A program of one of the packages that the commands run.
pub fn npm_program(name: &str) -> PathBuf {
    npm().join("node_modules/.bin").join(name)
}
