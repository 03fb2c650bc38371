//! What the cases are played with.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};
use e2e::{Browser, Engine, find};

use crate::Workshop;
use crate::cases::examples::nginx;
use crate::workshop::output;

/// Names and versions for the table.
#[derive(Debug)]
pub struct Versions<'a>(pub &'a Workshop);

impl Versions<'_> {
    /// npm packages, `next 16.4.6` and the like, with commas between.
    pub fn packages(&self, names: &[&str]) -> Result<String> {
        let versions = names.iter().map(|name| Ok(format!("{name} {}", self.0.version(name)?)));
        Ok(versions.collect::<Result<Vec<_>>>()?.join(", "))
    }

    /// A browser's name and version, which its driver alone knows in each case.
    pub async fn browser(&self, engine: Engine) -> Result<String> {
        Ok(Browser::start(engine).await?.version())
    }

    /// Node.js, the one on `PATH`.
    pub fn node(&self) -> Result<String> {
        Ok(format!("Node.js {}", number(&said(&find(&["node"])?)?)?))
    }

    /// nginx.
    pub fn nginx(&self) -> Result<String> {
        let said = output(Command::new(nginx()?).arg("-v"))?;
        Ok(format!("nginx {}", number(&said)?))
    }
}

fn said(program: &Path) -> Result<String> {
    output(Command::new(program).arg("--version"))
}

/// The first that looks like a version.
fn number(text: &str) -> Result<String> {
    let words = text.split(|letter: char| !(letter.is_ascii_digit() || letter == '.'));
    let number = words.map(|word| word.trim_matches('.')).find(|word| word.contains('.'));
    number.map(str::to_owned).with_context(|| format!("no version in {text:?}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_found_in_what_a_program_says() {
        assert_eq!(number("v20.20.2\n").unwrap(), "20.20.2");
        assert_eq!(number("nginx version: nginx/1.22.1\n").unwrap(), "1.22.1");
        assert_eq!(number("Mozilla Firefox 153.0esr").unwrap(), "153.0");
        assert!(number("none").is_err());
    }
}
