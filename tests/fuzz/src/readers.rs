//! The readers, each by itself.

use appizer_tracker::core::model::event::{Draft, Seal};
use appizer_tracker::core::model::time::Clocks;
use appizer_tracker::core::policy::limits;
use appizer_tracker::core::policy::options::{Options, Value};
use appizer_tracker::core::policy::pacing;
use appizer_tracker::core::policy::shared_row::{self, Share};
use appizer_tracker::core::policy::verdict::{Response, Verdict, verdict};
use arbitrary::Unstructured;

/// A `Retry-After` is never read as a wait that overflows.
pub fn retry_after(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    for date in [None, Some(0), Some(u64::MAX)] {
        let _ = pacing::retry_after(&text, date, 1_795_000_000_000);
    }
}

/// A row that all pages share never grants more than is wanted, nor holds anybody longer than any wait may be.
pub fn shared_rows(bytes: &[u8]) {
    let row = String::from_utf8_lossy(bytes);
    for per_minute in [None, Some(1), Some(100)] {
        let share = Share {
            id: 1,
            to: 7,
            clocks: Clocks { now: 1_795_000_000_000, wall: 1_795_000_000_000 },
            want: 5,
            per_minute,
            ..Share::default()
        };
        let (written, granted) = shared_row::update(Some(&row), &share);
        assert!(granted.tokens <= share.want);
        assert!(granted.ask_at <= share.clocks.now + limits::LONGEST_WAIT);
        assert_eq!(written.is_none(), !row.starts_with('2'), "another layout is left alone");
    }
}

/// Options are taken or refused by name, never anything else.
pub fn options(bytes: &[u8]) {
    let mut data = Unstructured::new(bytes);
    let mut given = vec![("apiKey".to_string(), Value::Text("k".into()))];
    while !data.is_empty() {
        let (Ok(name), Ok(kind)) = (data.arbitrary::<String>(), data.arbitrary::<u8>()) else { break };
        let value = match kind % 4 {
            0 => data.arbitrary().map(Value::Text),
            1 => data.arbitrary().map(Value::Number),
            2 => data.arbitrary().map(Value::Flag),
            _ => Ok(Value::Other),
        };
        let Ok(value) = value else { break };
        given.push((name, value));
    }
    if let Err(fault) = Options::read(given.clone()) {
        assert!(given.iter().any(|(name, _)| *name == fault.option), "{}", fault.option);
    }
}

/// A line of the facade's becomes an envelope or a refusal; what was JSON stays JSON.
pub fn lines(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    for line in text.split('\n') {
        if let Ok(draft) = Draft::parse(line, limits::MAX_EVENT_BYTES) {
            draft.seal(Seal { user_id: "\"u\"", ua: "\"UA\"", metadata: true });
        }
    }
    let name = serde_json::Value::from(&*text).to_string();
    let properties = serde_json::json!({ &*text: &*text }).to_string();
    let line = ["e1\tt\t", &name, "\t", &properties].concat();
    if let Ok(draft) = Draft::parse(&line, limits::MAX_EVENT_BYTES) {
        let envelope = draft.seal(Seal { user_id: "\"u\"", ua: "\"UA\"", metadata: true });
        let event: serde_json::Value = serde_json::from_str(&envelope.json).expect("an envelope is JSON");
        assert_eq!(event["event_name"], *text);
    }
}

/// Only a success is ever taken for a delivery.
pub fn responses(bytes: &[u8]) {
    let mut data = Unstructured::new(bytes);
    let response = |data: &mut Unstructured<'_>| {
        Ok::<_, arbitrary::Error>(Response {
            status: data.arbitrary()?,
            success: data.arbitrary()?,
            processed_count: data.arbitrary()?,
            failed: data.arbitrary()?,
            retry_after: data.arbitrary()?,
            relay: data.arbitrary()?,
            message: data.arbitrary()?,
        })
    };
    while let Ok(response) = response(&mut data) {
        let confirmed =
            matches!(verdict(&response, 50), Verdict::Delivered | Verdict::Named | Verdict::Partial);
        assert_eq!(confirmed, (200..300).contains(&response.status) && response.success == Some(true));
        if data.is_empty() {
            break;
        }
    }
}
