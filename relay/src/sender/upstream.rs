//! Requests to the endpoint.

use std::time::Duration;

use appizer_tracker::core::policy::pacing::retry_after;
use appizer_tracker::core::policy::verdict::Response;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue, RETRY_AFTER, USER_AGENT};
use reqwest::redirect::Policy;
use reqwest::{Client, Url};
use serde_json::Value;

use crate::clock::Clock;
use crate::config::SiteConfig;
use crate::policy;

/// The endpoint of one site.
#[derive(Clone, Debug)]
pub struct Upstream {
    client: Client,
    endpoint: Url,
    authorization: HeaderValue,
    clock: Clock,
}

impl Upstream {
    /// Prepares requests for a site.
    pub fn new(site: &SiteConfig, clock: &Clock) -> Result<Self, reqwest::Error> {
        // Another provider that the process has chosen will do as well.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = Client::builder()
            // The key goes to the configured address and nowhere else.
            .redirect(Policy::none())
            .no_proxy()
            .timeout(Duration::from_millis(policy::REQUEST_TIMEOUT))
            .build()?;
        // Checked where the key was read.
        let mut authorization =
            HeaderValue::from_str(&site.key.bearer()).unwrap_or(HeaderValue::from_static(""));
        authorization.set_sensitive(true);
        Ok(Self { client, endpoint: site.endpoint.clone(), authorization, clock: clock.clone() })
    }

    /// Sends one batch. Whatever goes wrong is a response, too.
    pub async fn send(&self, events: &[String]) -> Response {
        let body = format!("{{\"events\":[{}]}}", events.join(","));
        let request = self
            .client
            .post(self.endpoint.clone())
            .header(AUTHORIZATION, self.authorization.clone())
            .header(CONTENT_TYPE, "application/json")
            .header(USER_AGENT, concat!("appizer-relay/", env!("CARGO_PKG_VERSION")))
            .body(body);
        match request.send().await {
            Ok(answer) => self.read(answer).await,
            // The URL may hold a secret of its own.
            Err(error) => Response::failed(with_sources(&error.without_url())),
        }
    }

    async fn read(&self, mut answer: reqwest::Response) -> Response {
        let status = answer.status().as_u16();
        let header =
            answer.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let date = httpdate::parse_http_date(header).ok().and_then(|date| {
            let since = date.duration_since(std::time::UNIX_EPOCH).ok()?;
            Some(since.as_millis() as u64)
        });
        let retry_after = retry_after(header.trim(), date, self.clock.wall());
        let mut body = Vec::new();
        loop {
            match answer.chunk().await {
                Ok(Some(chunk)) if body.len() + chunk.len() <= policy::ANSWER_BYTES => {
                    body.extend_from_slice(&chunk)
                }
                Ok(Some(_) | None) => break,
                // The status came and the rest did not: what became of the batch is unknown.
                Err(error) => return Response::failed(with_sources(&error.without_url())),
            }
        }
        parse(status, retry_after, &body)
    }
}

/// Reads an answer's body. What it does not have, or has in another type, is absent.
fn parse(status: u16, retry_after: Option<u64>, body: &[u8]) -> Response {
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    let places = body["failed_indices"].as_array().map(Vec::as_slice).unwrap_or_default();
    let count = &body["processed_count"];
    Response {
        status,
        success: body["success"].as_bool(),
        // A count that is no number says that none of the events is known to have been taken.
        processed_count: (!count.is_null()).then(|| count.as_u64().unwrap_or(0)),
        failed: places.iter().filter_map(Value::as_u64).map(|place| place as usize).collect(),
        retry_after,
        relay: body["relay"] == true,
        message: clean(body["message"].as_str().unwrap_or_default()),
    }
}

/// Makes a message fit for a table: of limited length, without control characters.
fn clean(message: &str) -> String {
    message.chars().filter(|character| !character.is_control()).take(policy::MESSAGE_LENGTH).collect()
}

fn with_sources(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    clean(&text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_read_field_by_field() {
        let body = r#"{"success":true,"processed_count":3,"failed_indices":[1,-1,"x",7],"message":"a\u0000b","relay":true}"#;
        let expected = Response {
            status: 200,
            success: Some(true),
            processed_count: Some(3),
            failed: vec![1, 7],
            retry_after: Some(5),
            relay: true,
            message: "ab".into(),
        };
        assert_eq!(parse(200, Some(5), body.as_bytes()), expected);
    }

    #[test]
    fn what_is_missing_or_of_another_type_is_absent() {
        let absent = Response { status: 200, ..Response::default() };
        for body in ["", "no JSON", "[]", "{}", r#"{"success":"yes","failed_indices":3,"message":1}"#] {
            assert_eq!(parse(200, None, body.as_bytes()), absent, "{body}");
        }
        assert_eq!(parse(200, None, br#"{"processed_count":"3"}"#).processed_count, Some(0));
    }
}
