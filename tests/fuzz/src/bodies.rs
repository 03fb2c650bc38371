//! The relay's parser of request bodies.

use relay::batch::parse;
use serde_json::Value;

/// A body is refused or becomes events; what goes to the endpoint is the contract's JSON with the same properties.
pub fn relay_bodies(bytes: &[u8]) {
    // Bare bytes rarely make a body: the same as an event, and as the properties of one.
    let text = String::from_utf8_lossy(bytes);
    let event = format!("{{\"events\":[{text}]}}");
    let properties =
        format!("{{\"events\":[{{\"event_name\":\"e\",\"user_id\":\"u\",\"properties\":{text}}}]}}");
    for body in [bytes, event.as_bytes(), properties.as_bytes()] {
        let Ok(batch) = parse(body) else { continue };
        assert!((1..=100).contains(&batch.events.len()));
        for event in batch.events.into_iter().flatten() {
            let sent: Value = serde_json::from_str(&event.to_json()).expect("an envelope is JSON");
            assert_eq!((&sent["event_name"], &sent["user_id"]), (&event.name.into(), &event.user.into()));
            let given =
                event.properties.map(|text| serde_json::from_str::<Value>(text).expect("checked JSON"));
            assert_eq!(sent.get("properties"), given.as_ref());
            let fields = ["event_name", "user_id", "properties", "ip", "ua"];
            let members = sent.as_object().expect("an event is an object");
            assert!(members.keys().all(|name| fields.contains(&name.as_str())));
        }
    }
}
