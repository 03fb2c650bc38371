//! The visitor of an event: a persistent anonymous id, until the page names the user.

use crate::core::model::json;

/// The ids as they are stored, one row for all pages of the queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// Made up once for this browser.
    pub anonymous: String,
    /// Given by `identify` or the `userId` option.
    pub user: Option<String>,
}

impl Identity {
    /// The id that events are sealed with now, as JSON.
    pub fn user_id(&self) -> String {
        json::quoted(self.user.as_deref().unwrap_or(&self.anonymous))
    }
}

#[cfg(test)]
#[cfg(not(target_family = "wasm"))]
mod tests {
    use super::*;

    #[test]
    fn the_user_is_anonymous_until_named() {
        let mut identity = Identity { anonymous: "a1".into(), user: None };
        assert_eq!(identity.user_id(), "\"a1\"");
        identity.user = Some("u\"7".into());
        assert_eq!(identity.user_id(), "\"u\\\"7\"");
    }
}
