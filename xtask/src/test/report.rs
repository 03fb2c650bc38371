//! What the steps came to: tests counted in their output, a table, and one line of totals.

use crate::progress;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    pub passed: u32,
    pub failed: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    Ok,
    Failed,
    Skipped,
}

pub struct Row {
    pub step: &'static str,
    pub outcome: Outcome,
    pub counts: Counts,
    pub seconds: f64,
}

/// Prints the table; its last line stands alone, so that a program can read it.
pub fn print(rows: &[Row]) {
    progress::heading("test: summary");
    println!("   {:<10} {:<8} {:>9} {:>8} {:>8}", "step", "", "time", "passed", "failed");
    for Row { step, outcome, counts, seconds } in rows {
        let word = outcome.word();
        println!("   {step:<10} {word:<8} {seconds:>7.1} s {:>8} {:>8}", counts.passed, counts.failed);
    }
    let Counts { passed, failed } = total(rows);
    println!("\n{passed} passed, {failed} failed");
}

/// Adds up the lines in which libtest and wasm-bindgen-test sum up a binary, `test result: ok. 3 passed; 0 failed; …`,
/// and those of Node's runner, `# pass 3` and `# fail 0`.
pub fn count_tests(output: &str) -> Counts {
    let mut counts = Counts::default();
    for line in output.lines() {
        let after = |word| line.strip_prefix(word).and_then(|number| number.trim().parse().ok()).unwrap_or(0);
        counts.add(Counts { passed: after("# pass "), failed: after("# fail ") });
        let Some((_, result)) = line.split_once("test result: ") else { continue };
        counts.add(Counts {
            passed: number_before(result, " passed"),
            failed: number_before(result, " failed"),
        });
    }
    counts
}

impl Counts {
    pub fn add(&mut self, other: Counts) {
        self.passed += other.passed;
        self.failed += other.failed;
    }
}

impl Outcome {
    pub fn word(self) -> &'static str {
        match self {
            Outcome::Ok => "ok",
            Outcome::Failed => "FAILED",
            Outcome::Skipped => "skipped",
        }
    }
}

/// A step that failed without a failed test, as a check that has none, counts as one.
fn total(rows: &[Row]) -> Counts {
    let mut total = Counts::default();
    for row in rows {
        total.add(row.counts);
        if row.outcome != Outcome::Ok && row.counts.failed == 0 {
            total.failed += 1;
        }
    }
    total
}

fn number_before(text: &str, word: &str) -> u32 {
    let Some((before, _)) = text.split_once(word) else { return 0 };
    let digits = before.len() - before.trim_end_matches(|letter: char| letter.is_ascii_digit()).len();
    before[before.len() - digits..].parse().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(outcome: Outcome, passed: u32, failed: u32) -> Row {
        Row { step: "native", outcome, counts: Counts { passed, failed }, seconds: 1.0 }
    }

    #[test]
    fn results_of_several_binaries_add_up() {
        let output = "running 2 tests\ntest a ... ok\n\
            test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.00s\n\
            test result: FAILED. 3 passed; 2 failed; 0 ignored; 0 filtered out; finished in 0.02s\n";
        assert_eq!(count_tests(output), Counts { passed: 15, failed: 2 });
    }

    #[test]
    fn nodes_runner_counts_too() {
        let output = "ok 1 - a\n1..1\n# tests 7\n# pass 5\n# fail 2\n# skipped 0\n";
        assert_eq!(count_tests(output), Counts { passed: 5, failed: 2 });
    }

    #[test]
    fn colours_and_other_text_do_not_matter() {
        let output = "Loading…   \rtest result: \u{1b}[32mok\u{1b}[0m. 4 passed; 0 failed; 0 ignored\n4 passed; 9 failed\n";
        assert_eq!(count_tests(output), Counts { passed: 4, failed: 0 });
    }

    #[test]
    fn a_failed_step_without_tests_counts_as_one_failure() {
        let rows = [row(Outcome::Ok, 5, 0), row(Outcome::Failed, 0, 0), row(Outcome::Skipped, 0, 0)];
        assert_eq!(total(&rows), Counts { passed: 5, failed: 2 });
    }

    #[test]
    fn a_failed_step_with_failed_tests_counts_those() {
        assert_eq!(total(&[row(Outcome::Failed, 5, 3)]), Counts { passed: 5, failed: 3 });
    }
}
