//! The identity and opt-out rows that a page reads when it opens the store.

use crate::core::model::identity::Identity;
use crate::core::policy::project::Projects;
use crate::core::rows::{IDENTITY, OPT_OUT, Operations, fields, identity_key, read_identity};

/// The result of reading the identity rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The visitor's identity.
    pub identity: Identity,
    /// True if the visitor has opted out.
    pub opted_out: bool,
    /// The changes to write.
    pub operations: Operations,
}

/// Reads the identity rows, a joined text of keys and rows. The `candidate` is who the visitor is if no row says so;
/// `opted_in` says that the visitor has opted in since the rows were written, as far as the page knows.
pub fn enter(text: &str, projects: &Projects, candidate: &Identity, opted_in: bool) -> Entry {
    let fields: Vec<&str> = fields(text).collect();
    let row = |key: &str| fields.chunks_exact(2).find(|pair| pair[0] == key).map(|pair| pair[1]);
    let mut operations = Operations::default();
    let opted_out = row(OPT_OUT).is_some();
    if opted_out && !opted_in {
        return Entry { identity: candidate.clone(), opted_out, operations };
    }
    if opted_out {
        operations.delete_opt_out();
    }
    let own = row(&identity_key(projects.current())).and_then(read_identity);
    let before = || projects.formerly().iter().find_map(|project| row(&identity_key(*project)));
    let identity = own.clone().or_else(|| before().or_else(|| row(IDENTITY)).and_then(read_identity));
    let identity = identity.unwrap_or_else(|| candidate.clone());
    if own.is_none() {
        operations.put_identity(projects.current(), &identity);
    }
    Entry { identity, opted_out: false, operations }
}

#[cfg(test)]
#[cfg(not(target_family = "wasm"))]
mod tests {
    use super::*;
    use crate::core::policy::options::{Options, Value};
    use crate::core::rows;

    /// The keys and rows that operations put, joined as the store gives them back.
    fn rows_put(operations: &Operations) -> String {
        let fields: Vec<_> = fields(operations.as_str()).collect();
        let rows: Vec<_> = fields.chunks(3).flat_map(|triple| [triple[1], triple[2]]).collect();
        rows.join("\u{1f}")
    }

    fn identity(anonymous: &str) -> Identity {
        Identity { anonymous: anonymous.into(), user: None }
    }

    fn projects(key: &str, previous: &[&str]) -> Projects {
        let previous = Value::List(previous.iter().map(|key| (*key).into()).collect());
        let given = [("apiKey".into(), Value::Text(key.into())), ("previousApiKeys".into(), previous)];
        Projects::new(&Options::read(given).unwrap())
    }

    /// The identity rows after a page of a project has entered, and who it takes the visitor for.
    fn entered(rows: &str, projects: &Projects, candidate: &str) -> (String, String) {
        let entry = enter(rows, projects, &identity(candidate), false);
        let put = rows_put(&entry.operations);
        let rows = if rows.is_empty() || put.is_empty() {
            [rows, &put].concat()
        } else {
            [rows, &put].join("\u{1f}")
        };
        (rows, entry.identity.anonymous)
    }

    #[test]
    fn each_project_has_an_identity_of_its_own_and_takes_over_that_of_its_previous_keys() {
        let (rows, first) = entered("", &projects("a", &[]), "anon-1");
        let (rows, again) = entered(&rows, &projects("a", &[]), "anon-2");
        let (rows, other) = entered(&rows, &projects("b", &[]), "anon-3");
        let (_, rotated) = entered(&rows, &projects("new", &["older", "a"]), "anon-4");
        assert_eq!([first, again, other, rotated], ["anon-1", "anon-1", "anon-3", "anon-1"]);
    }

    #[test]
    fn the_identity_of_the_first_version_is_taken_over() {
        let legacy = ["identity", &rows::identity_row(&identity("anon-0"))].join("\u{1f}");
        assert_eq!(entered(&legacy, &projects("a", &[]), "anon-1").1, "anon-0");
    }

    #[test]
    fn a_stored_opt_out_holds_until_the_visitor_opts_in() {
        let rows = rows_put(&Operations::of_opt_out());
        let denied = enter(&rows, &projects("a", &[]), &identity("anon-1"), false);
        assert!(denied.opted_out && denied.operations.is_empty());
        let granted = enter(&rows, &projects("a", &[]), &identity("anon-1"), true);
        assert!(!granted.opted_out);
        assert!(granted.operations.as_str().starts_with("identity\u{1f}opt_out\u{1f}\u{1f}"));
    }
}
