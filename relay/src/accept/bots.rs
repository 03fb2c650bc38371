//! Which user agents are known bots.

/// Parts of their names, in lower case: those by which the tracker knows them (`src/js/privacy.js`).
const PARTS: &[&str] = &["crawl", "spider", "slurp", "headless", "lighthouse"];

/// Returns true if a user agent names itself a bot. "Cubot" makes telephones.
pub(crate) fn is_bot(user_agent: &str) -> bool {
    let name = user_agent.to_ascii_lowercase();
    let names_bot = name.match_indices("bot").any(|(place, _)| place > 0 && !name[..place].ends_with('u'));
    names_bot || PARTS.iter().any(|part| name.contains(part))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bots_are_told_from_browsers() {
        for bot in [
            "Mozilla/5.0 (compatible; Googlebot/2.1)",
            "HeadlessChrome/120",
            "Baiduspider",
            "x Chrome-Lighthouse",
        ] {
            assert!(is_bot(bot), "{bot}");
        }
        for browser in ["Mozilla/5.0 (Windows NT 10.0) Chrome/120", "Mozilla/5.0 (Linux; Cubot X30)", ""] {
            assert!(!is_bot(browser), "{browser}");
        }
    }
}
