//! The engine broken on purpose, to see that the simulation finds it. No hook stands in the engine: each mutant is a change
//! of its text, made in a copy under `target/mutants` and built there.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{fs, io};

/// One way to break the engine.
pub struct Mutant {
    pub name: &'static str,
    pub file: &'static str,
    /// Must stand in the file exactly once.
    pub text: &'static str,
    pub becomes: &'static str,
    /// What goes wrong.
    pub breaks: &'static str,
}

/// The table of `docs/simulation.md`.
pub const ALL: &[Mutant] = &[
    Mutant {
        name: "releases_nothing_after_a_failure",
        file: "src/core/engine/sending.rs",
        text: "        self.queue.release(request);\n        let (status",
        becomes: "        let (status",
        breaks: "a failed batch is never sent again",
    },
    Mutant {
        name: "forgets_to_release_at_a_split",
        file: "src/core/queue/mod.rs",
        text: "            queued.request = 0;\n            queued.part",
        becomes: "            queued.part",
        breaks: "the halves of a refused batch stay in flight for ever",
    },
    Mutant {
        name: "deletes_what_was_not_answered",
        file: "src/core/engine/sending.rs",
        text: "            Verdict::Retry => {\n",
        becomes: "            Verdict::Retry if response.status == 503 => {\n                self.settle(request, Reason::Rejected, false, response, now);\n            }\n            Verdict::Retry => {\n",
        breaks: "a 503 counts as a delivery",
    },
    Mutant {
        name: "settles_marks_on_a_failure",
        file: "src/core/engine/sending.rs",
        text: "            Verdict::Malformed | Verdict::Retry => self.remember_link(None, now),",
        becomes: "            Verdict::Malformed | Verdict::Retry => {\n                self.marks.settle();\n                self.remember_link(None, now);\n            }",
        breaks: "a failure settles what was handed over before",
    },
    Mutant {
        name: "marks_without_a_good_reply",
        file: "src/core/engine/leaving.rs",
        text: "let trusted = self.good_link == Some(self.to)\n            && ",
        becomes: "let trusted = ",
        breaks: "events that went into an outage are settled by the next success",
    },
    Mutant {
        name: "ignores_retry_after",
        file: "src/core/engine/sending.rs",
        text: "        Failure { status, retry_after, jitter",
        becomes: "        Failure { status, retry_after: retry_after.and(None), jitter",
        breaks: "a retry before the server wants one",
    },
    Mutant {
        name: "counts_twice_on_adoption",
        file: "src/core/engine/adopting.rs",
        text: "        self.account.accepted += events.saturating_sub(self.adoption.unloaded);",
        becomes: "        self.account.accepted += events;",
        breaks: "adopted events are accepted a second time",
    },
    Mutant {
        name: "drops_the_newest",
        file: "src/core/queue/mod.rs",
        text: "        self.remove_if(&mut |_, queued| {\n            let leaves = queued.request == 0 && (taken",
        becomes: "        let (spared, mut seen) = (self.len().saturating_sub(events), 0);\n        self.remove_if(&mut |_, queued| {\n            seen += 1;\n            let leaves = seen > spared && queued.request == 0 && (taken",
        breaks: "caps give up the newest event instead of the oldest",
    },
    Mutant {
        name: "sends_while_blocked",
        file: "src/core/engine/sending.rs",
        text: "        self.pacing.blocked_until(now).is_none() || (self.insists && self.pacing.may_insist(now))",
        becomes: "        now < u64::MAX",
        breaks: "a page sends into a pause",
    },
    Mutant {
        name: "forgets_the_exit_share",
        file: "src/core/policy/exit_share.rs",
        text: "    limits::EXIT_SHARE_BYTES.saturating_sub(in_flight)",
        becomes: "    limits::EXIT_SHARE_BYTES.saturating_sub(in_flight / 1_000)",
        breaks: "more outlives the page than its share",
    },
    Mutant {
        name: "takes_events_twice",
        file: "src/core/queue/segment.rs",
        text: "        self.request == 0 && !self.handed_over",
        becomes: "        !self.handed_over",
        breaks: "an event is in two requests at once",
    },
    Mutant {
        name: "sends_what_is_handed_over",
        file: "src/core/queue/segment.rs",
        text: "        self.request == 0 && !self.handed_over",
        becomes: "        self.request == 0",
        breaks: "what a mark keeps back is sent, and settled on top",
    },
    Mutant {
        name: "leaves_the_account_out_of_adoption",
        file: "src/core/engine/adopting.rs",
        text: "            self.account.add(orphan.account);\n",
        becomes: "",
        breaks: "what a dead page had delivered vanishes from the account",
    },
    Mutant {
        name: "never_takes_over_accounts",
        file: "src/core/engine/adopting.rs",
        text: "            change.deletes.delete(rows::ACCOUNTS, &orphan.owner);\n",
        becomes: "",
        breaks: "an account is adopted by one page after another",
    },
    Mutant {
        name: "reads_the_first_records_only",
        file: "src/core/engine/adopting.rs",
        text: "        if records.len() < limits::LOAD_SEGMENTS {",
        becomes: "        if records.len() <= limits::LOAD_SEGMENTS {",
        breaks: "a long backlog is left after its first ten records",
    },
    Mutant {
        name: "forgets_dead_letters",
        file: "src/core/engine/sending.rs",
        text: "                change.bury(&DeadLetter { id, json, reason, status, message, at, project });\n",
        becomes: "                let _ = DeadLetter { id, json, reason, status, message, at, project };\n",
        breaks: "a refused event is nowhere",
    },
    Mutant {
        name: "deletes_the_whole_segment",
        file: "src/core/queue/mod.rs",
        text: "                rest if rest < before => removal.puts.push(segment),",
        becomes: "                rest if rest < before => removal.deletes.delete(rows::SEGMENTS, segment.key.as_str()),",
        breaks: "a segment sent in part takes its rest with it",
    },
    Mutant {
        name: "returns_under_the_old_name",
        file: "src/core/engine/leaving.rs",
        text: "            self.queue = Queue::new(owner);\n            self.account",
        becomes: "            let _ = owner;\n            self.queue = Queue::new(self.queue.owner().into());\n            self.account",
        breaks: "a page that returns overwrites what others have adopted",
    },
    Mutant {
        name: "leaves_requests_to_a_frozen_page",
        file: "src/core/engine/leaving.rs",
        text: "        self.abort_what_cannot_outlive();\n",
        becomes: "",
        breaks: "a frozen page's request goes on while another page sends its events",
    },
    Mutant {
        name: "a_failure_shortens_the_wait",
        file: "src/core/policy/shared_row.rs",
        text: "        self.blocked_until = self.asked_until.max(now + wait);\n        if",
        becomes: "        self.blocked_until = now + wait;\n        if",
        breaks: "the second of two failures forgets what the first was told",
    },
    Mutant {
        name: "insures_what_is_sent",
        file: "src/core/engine/sending.rs",
        text: "        self.end_insurance();\n        let outlives",
        becomes: "        let outlives",
        breaks: "the browser holds a second copy of what goes by itself",
    },
];

/// Tries every mutant whose name contains `only` in at most `worlds` worlds. Whether all were found.
pub fn run(worlds: u64, only: &str) -> bool {
    let mut all_found = true;
    println!("| mutant | what it breaks | worlds until found | the rule that broke |\n|---|---|---|---|");
    for mutant in ALL.iter().filter(|mutant| mutant.name.contains(only)) {
        match attempt(mutant, worlds) {
            Ok(Some((worlds, fault))) => {
                println!("| `{}` | {} | {worlds} | {fault} |", mutant.name, mutant.breaks);
            }
            Ok(None) => {
                all_found = false;
                println!("| `{}` | {} | **not in {worlds}** | |", mutant.name, mutant.breaks);
            }
            Err(error) => {
                all_found = false;
                println!("| `{}` | {} | **{error}** | |", mutant.name, mutant.breaks);
            }
        }
    }
    all_found
}

/// Builds the mutant and runs worlds with it until a rule is broken: how many it took, and which rule.
fn attempt(mutant: &Mutant, worlds: u64) -> io::Result<Option<(u64, String)>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let copy = root.join("target/mutants/crate");
    copy_crate(&root, &copy)?;
    let file = copy.join(mutant.file);
    let text = fs::read_to_string(&file)?;
    if text.matches(mutant.text).count() != 1 {
        return Err(io::Error::other("its text does not stand in the file exactly once"));
    }
    fs::write(&file, text.replacen(mutant.text, mutant.becomes, 1))?;
    let built = Command::new(env!("CARGO"))
        .args(["build", "--quiet", "--package", "simulation", "--target-dir", "../target"])
        // It is the simulation that has to find it, not the engine itself.
        .env("CARGO_PROFILE_DEV_DEBUG_ASSERTIONS", "false")
        .current_dir(&copy)
        .status()?;
    if !built.success() {
        return Err(io::Error::other("it does not compile"));
    }
    let run = Command::new(root.join("target/mutants/target/debug/simulation"))
        .args(["--until-fault", "--worlds", &worlds.to_string()])
        .output()?;
    let told = String::from_utf8_lossy(&run.stdout);
    let fault = told.lines().find_map(|line| line.strip_prefix("world ")?.split_once(": "));
    // What an account holds is too long for a table.
    Ok(fault.map(|(seed, fault)| {
        let rule = fault.split(" Account {").next().unwrap_or(fault);
        (seed.parse::<u64>().map_or(0, |seed| seed + 1), rule.to_string())
    }))
}

/// The tracker and the simulation, as a workspace of their own.
fn copy_crate(root: &Path, copy: &Path) -> io::Result<()> {
    for folder in ["src", "tests/charts", "tests/simulation"] {
        copy_folder(&root.join(folder), &copy.join(folder))?;
    }
    copy_if_changed(&root.join("Cargo.lock"), &copy.join("Cargo.lock"))?;
    let manifest = fs::read_to_string(root.join("Cargo.toml"))?;
    let cut = manifest
        .split_once("\nmembers = [")
        .and_then(|(before, rest)| Some((before, rest.split_once(']')?.1)));
    let (before, after) = cut.ok_or_else(|| io::Error::other("Cargo.toml lists no members"))?;
    let manifest = [before, "\nmembers = [\".\", \"tests/charts\", \"tests/simulation\"]", after].concat();
    fs::write(copy.join("Cargo.toml"), manifest)
}

fn copy_folder(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let from: PathBuf = entry?.path();
        let to = to.join(from.file_name().unwrap_or_default());
        if from.is_dir() {
            copy_folder(&from, &to)?;
        } else {
            copy_if_changed(&from, &to)?;
        }
    }
    Ok(())
}

/// A file that is the same is left alone, so that it is not built again.
fn copy_if_changed(from: &Path, to: &Path) -> io::Result<()> {
    let content = fs::read(from)?;
    if fs::read(to).ok().as_ref() != Some(&content) {
        fs::write(to, content)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_of_every_mutant_stands_in_its_file_exactly_once() {
        for Mutant { name, file, text, becomes, .. } in ALL {
            let source =
                fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(file)).unwrap();
            assert_eq!(source.matches(text).count(), 1, "{name}");
            assert_ne!(text, becomes, "{name}");
        }
    }
}
