//! The project of an event. Two projects may share an origin, and with it the store: another app under the same address, a
//! script tag beside an npm package, an extension in the pages of others. A page sends, counts and discards only what was
//! tracked for its own project.
//!
//! A project is known by its key, wherever the key's events are sent; without a key by the endpoint. Keys are never stored:
//! a hash stands for the project in the names of its pages and in its dead letters. What has no such hash was left by
//! version 0.1.0 and counts as the page's own.

use crate::core::model::text;
use crate::core::policy::options::Options;

/// The projects whose events a page sends.
#[derive(Debug, Clone)]
pub struct Projects {
    current: u32,
    /// Projects whose key the current one has replaced.
    formerly: Vec<u32>,
}

impl Projects {
    /// Returns the project of the options, and those that `previousApiKeys` names.
    pub fn new(options: &Options) -> Self {
        let formerly = options.previous_api_keys.iter().map(|key| hash(key)).collect();
        Self { current: of(options), formerly }
    }

    /// The project that events are tracked for now.
    pub fn current(&self) -> u32 {
        self.current
    }

    /// The projects whose key was replaced.
    pub fn formerly(&self) -> &[u32] {
        &self.formerly
    }

    /// Notes that other options are in force: what was tracked before is sent with the new key.
    pub fn replace(&mut self, options: &Options) {
        let before = std::mem::replace(&mut self.current, of(options));
        self.learn(&[before]);
    }

    /// Notes projects whose key the current one has replaced. Returns true if one of them is news.
    pub fn learn(&mut self, formerly: &[u32]) -> bool {
        let known = self.formerly.len();
        for project in formerly {
            if !self.include(Some(*project)) {
                self.formerly.push(*project);
            }
        }
        self.formerly.len() > known
    }

    /// Returns true if the page sends events of this project.
    pub fn include(&self, project: Option<u32>) -> bool {
        project.is_none_or(|project| project == self.current || self.formerly.contains(&project))
    }

    /// Returns true if the page sends what the page `owner` has left.
    pub fn include_owner(&self, owner: &str) -> bool {
        self.include(project_of(owner))
    }

    /// Returns the name of one of this project's pages: `unique`, which no other page has, and the project behind it.
    pub fn owner(&self, unique: &str) -> String {
        let mut owner = String::from(unique);
        owner.push(SEPARATOR);
        text::push_decimal(&mut owner, self.current.into());
        owner
    }
}

/// Stands before the project in an owner's name, and nowhere else in it.
const SEPARATOR: char = '.';

/// Returns the project that events with these options belong to.
pub fn of(options: &Options) -> u32 {
    hash(if options.api_key.is_empty() { &options.endpoint } else { &options.api_key })
}

fn project_of(owner: &str) -> Option<u32> {
    let (_, project) = owner.split_once(SEPARATOR)?;
    text::read_decimal(project).map(|project| project as u32)
}

/// FNV-1a with 32 bits: tells texts apart without telling what they are.
pub fn hash(text: &str) -> u32 {
    text.bytes().fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}

/// Tells endpoint and key apart from others without telling the key.
pub fn destination(options: &Options) -> u32 {
    hash(&[&options.endpoint, "\0", &options.api_key].concat())
}

#[cfg(test)]
#[cfg(not(target_family = "wasm"))]
mod tests {
    use super::*;
    use crate::core::policy::options::Value;

    fn projects(given: &[(&str, Value)]) -> Projects {
        let given = given.iter().map(|(option, value)| ((*option).into(), value.clone()));
        Projects::new(&Options::read(given).unwrap())
    }

    fn text(text: &str) -> Value {
        Value::Text(text.into())
    }

    #[test]
    fn a_key_is_the_same_project_behind_every_endpoint() {
        let direct = projects(&[("apiKey", text("a"))]);
        let proxied = projects(&[("apiKey", text("a")), ("endpoint", text("/events"))]);
        let other = projects(&[("apiKey", text("b"))]);
        let owner = direct.owner("page-1_x");
        assert!(
            direct.include_owner(&owner) && proxied.include_owner(&owner) && !other.include_owner(&owner)
        );
    }

    #[test]
    fn a_page_of_the_first_version_is_everybody_s() {
        assert!(projects(&[("apiKey", text("a"))]).include_owner("AAAAAAAAAAAAAAA-"));
    }

    #[test]
    fn a_project_includes_what_was_tracked_under_its_previous_keys() {
        let before = projects(&[("apiKey", text("old"))]).owner("p");
        let previous = Value::List(vec!["older".into(), "old".into()]);
        let mut after = projects(&[("apiKey", text("new")), ("previousApiKeys", previous)]);
        assert!(after.include_owner(&before));
        assert!(!after.learn(&[hash("old"), hash("new")]) && after.learn(&[hash("oldest")]));

        // The key of a page that lives is replaced, too.
        let mut living = projects(&[("apiKey", text("old"))]);
        living.replace(&Options::read([("apiKey".into(), text("new"))]).unwrap());
        assert!(living.include_owner(&before) && living.include_owner(&after.owner("q")));
    }

    #[test]
    fn project_and_destination_are_those_that_javascript_finds() {
        let cases: serde_json::Value =
            serde_json::from_str(include_str!("../../../tests/cases/projects.json")).unwrap();
        for case in cases.as_array().unwrap() {
            let given = case["options"].as_object().unwrap().iter();
            let given =
                given.map(|(option, value)| (option.clone(), Value::Text(value.as_str().unwrap().into())));
            let options = Options::read(given).unwrap();
            let found = serde_json::json!([of(&options), destination(&options)]);
            assert_eq!(found, serde_json::json!([case["project"], case["destination"]]), "{case}");
        }
    }
}
